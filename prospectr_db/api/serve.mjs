// A small server around the App of @supabase/lite: PostgREST- and Auth-compatible HTTP over a
// database that it owns nothing in. Everything it must know comes through the environment, so that
// no secret is on a command line. It prints one line of JSON when it listens, and ends when its
// standard input does.
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:http";
import { App } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { sql } from "kysely";

const given = JSON.parse(process.env.PROSPECTR_DB_SERVE);
delete process.env.PROSPECTR_DB_SERVE;
// Standard output is the answer to whoever started us; everything else that is said goes to the log.
console.log = console.info = console.debug = console.error;

// The platform's refresh_tokens.id is a sequence; App would write a uuid into it.
const withoutTokenIds = {
    transformQuery({ node }) {
        if (node.kind !== "InsertQueryNode") return node;
        const table = node.into?.table?.identifier?.name;
        const at = node.columns?.findIndex((column) => column.column.name === "id") ?? -1;
        if (table !== "refresh_tokens" || at < 0) return node;
        const without = (list) => list.filter((_, index) => index !== at);
        const values = node.values.values.map((row) =>
            row.kind === "PrimitiveValueListNode" || row.kind === "ValueListNode"
                ? { ...row, values: without(row.values) }
                : row,
        );
        return { ...node, columns: without(node.columns), values: { ...node.values, values } };
    },
    async transformResult({ result }) {
        return result;
    },
};

// PostgreSQL writes 2026-01-01 00:00:00+00; PostgREST answers 2026-01-01T00:00:00+00:00.
const iso = (text) =>
    text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00").replace(/([+-]\d\d)(\d\d)$/, "$1:$2");
const asIso = (type) => ({
    to: type,
    from: [type],
    serialize: (value) => (value instanceof Date ? value.toISOString() : value),
    parse: iso,
});

// The database error of the request that is being answered.
const failures = new AsyncLocalStorage();

class Connection extends PostgresConnection {
    // The original creates roles and grants them everything in every schema with row-level security.
    async ensureRlsContext() {
        return true;
    }

    normalizeDbError(error) {
        const found = super.normalizeDbError(error);
        const failure = failures.getStore();
        if (failure && typeof found?.code === "string") failure.error = found;
        return found;
    }

    // What PostgREST sets in each transaction, and in the same order: the role last.
    async applyJwtSessionContext(db, vars) {
        const role = vars?.auth?.role || "anon";
        const claims = vars?.auth?.jwt ?? { role };
        await sql`select set_config('search_path', ${given.searchPath}, true),
            set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
            set_config('request.jwt.claim.sub', ${String(claims.sub ?? "")}, true),
            set_config('request.jwt.claim.role', ${role}, true)`.execute(db);
        await sql.raw(`set local role "${String(role).replaceAll('"', '""')}"`).execute(db);
    }
}

const connection = new Connection({
    introspection: { schemas: [...given.schemas, "auth"] },
    postgresOptions: {
        ...given.postgres,
        max: 4,
        onnotice: () => {},
        connection: { TimeZone: "UTC", application_name: "prospectr-db serve" },
        types: { timestamptz: asIso(1184), timestamp: asIso(1114) },
    },
});
connection.kysely = connection.kysely.withPlugin(withoutTokenIds);

const keys = new Map([
    [given.anonKey, { type: "publishable", claims: { role: "anon" } }],
    [given.serviceKey, { type: "secret", claims: { role: "service_role" } }],
]);
const app = new App({
    connection,
    api: { schemas: given.schemas, max_rows: given.maxRows },
    auth: { ...given.auth, enabled: true, jwt_secret: given.jwtSecret },
    options: {
        server: {
            disableStudio: true,
            disableFallback: true,
            admin: false,
            forceRollback: given.rollback,
            apiKeys: { resolver: async (key) => keys.get(key) ?? null },
        },
    },
});

// Without these, front ends on another port are refused by the browser.
const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET,POST,PATCH,PUT,DELETE,OPTIONS,HEAD",
    "access-control-expose-headers": "content-range,content-location,preference-applied",
};

// App knows some SQLSTATEs and calls the rest "SUP"; PostgREST passes every one of them on.
function asPostgrest(content, error) {
    if (!/^[0-9A-Z]{5}$/.test(error?.code ?? "")) return null;
    try {
        if (JSON.parse(content.toString()).code !== "SUP") return null;
    } catch {
        return null;
    }
    const { code, message, detail = null, hint = null } = error;
    return Buffer.from(JSON.stringify({ code, message, details: detail, hint }));
}

async function answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]],
    );
    const url = `http://${request.headers.host ?? "localhost"}${request.url}`;
    const body = ["GET", "HEAD"].includes(request.method) ? undefined : Buffer.concat(chunks);
    if (request.url.startsWith("/prospectr-db/reload") && request.method === "POST") {
        await connection.clearSchemaCache();
        response.writeHead(204).end();
        return;
    }
    const failure = {};
    const found = await failures.run(failure, () =>
        app.fetch(new Request(url, { method: request.method, headers, body }), {
            peerAddress: null,
        }),
    );
    const content = Buffer.from(await found.arrayBuffer());
    const told = found.status === 500 ? asPostgrest(content, failure.error) : null;
    const sent = { ...cors, ...Object.fromEntries(found.headers) };
    if (told) delete sent["content-length"];
    response.writeHead(told ? 400 : found.status, sent);
    response.end(told ?? content);
}

const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
        console.error(error?.stack ?? String(error));
        if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
        response.end(JSON.stringify({ code: "PRGEN", message: "The local Data API failed." }));
    });
});

async function stop() {
    server.close();
    server.closeAllConnections();
    await connection.close().catch(() => {});
    process.exit(0);
}
process.stdin.resume();
process.stdin.on("end", stop);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

await app.init();
await sql`select 1`.execute(connection.kysely);
server.listen(given.port, given.host, () => {
    process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
server.on("error", (error) => {
    process.stdout.write(`${JSON.stringify({ error: error.message })}\n`, () => process.exit(1));
});
