"""The official clients work against the local Data API as its users write their code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from prospectr_db.api.compare import shape_of
from prospectr_db.api.node import find_program
from prospectr_db.api.service import DataApi
from prospectr_db.api.tokens import mint
from prospectr_db.database import Target, connect_admin
from prospectr_db.database.snapshot import difference
from prospectr_db.errors import ConfigError
from tests.conftest import REPOSITORY, RunCli
from tests.peers.data_api import AUTH, PASSWORD, SECRET, node_modules, program, require, served

pytestmark = pytest.mark.peer

AMARA = "a0000000-0000-4000-8000-000000000001"
GHL = "f1000000-0000-4000-8000-000000000001"
OTHERS_GHL = "f1000000-0000-4000-8000-000000000003"

# The usage example of the schema's documentation, as it is written there.
EXAMPLE = (
    """
// Get user's GHL provider data
const { data, error } = await supabase
  .from('provider_data')
  .select('*')
  .eq('auth_provider_id', user.id)
  .eq('type', 1)  // GHL type
  .single();
""",
    """
// Update provider token
const { error } = await supabase
  .from('provider_data')
  .update({
    token: newToken,
    expires: newExpiry
  })
  .eq('id', providerId);
""",
)
PRELUDE = """
// Node 20 has no WebSocket of its own, which the client asks for although realtime is not used.
globalThis.WebSocket ??= class {};
const { createClient } = await import('@supabase/supabase-js');
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_ANON_KEY,
    { auth: { persistSession: false, autoRefreshToken: false } });
const { data: { user }, error: refused } = await supabase.auth.signInWithPassword(
    { email: 'amara.okafor@example.com', password: process.env.DEMO_PASSWORD });
if (refused) throw refused;
const newToken = 'ghl-new', newExpiry = '2030-01-01T00:00:00Z';
const providerId = process.env.PROVIDER_ID;
const said = {};
"""


@pytest.fixture
def api(prospectr: Target, tmp_path: Path) -> Iterator[DataApi]:
    """The seeded project, served."""
    with served(prospectr, tmp_path) as running:
        yield running


def _client(api: DataApi) -> Any:
    from supabase import ClientOptions, create_client

    options = ClientOptions(auto_refresh_token=False, persist_session=False)
    return create_client(api.url, api.anon_key, options)


def _signed_in(api: DataApi, email: str) -> Any:
    client = _client(api)
    client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    return client


def _token_of(target: Target, provider: str) -> str:
    with connect_admin(target) as connection:
        row = connection.execute(
            "select token from public.provider_data where id = %s", (provider,)
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_the_usage_example_runs_in_python(api: DataApi, prospectr: Target) -> None:
    supabase = _signed_in(api, "amara.okafor@example.com")
    user = supabase.auth.get_user().user
    data = (
        supabase.table("provider_data")
        .select("*")
        .eq("auth_provider_id", user.id)
        .eq("type", 1)
        .single()
        .execute()
        .data
    )
    assert (data["id"], data["token"]) == (GHL, "ghl-demo-access-amara")
    supabase.table("provider_data").update(
        {"token": "ghl-new", "expires": "2030-01-01T00:00:00Z"}
    ).eq("id", data["id"]).execute()
    assert _token_of(prospectr, GHL) == "ghl-new"


def test_nobody_updates_the_token_of_somebody_else(api: DataApi, prospectr: Target) -> None:
    supabase = _signed_in(api, "amara.okafor@example.com")
    done = supabase.table("provider_data").update({"token": "mine"}).eq("id", OTHERS_GHL).execute()
    assert done.data == []
    assert _token_of(prospectr, OTHERS_GHL) == "ghl-demo-access-bjorn"


@pytest.mark.parametrize("provider", [GHL, OTHERS_GHL])
def test_the_usage_example_runs_in_javascript(
    api: DataApi, prospectr: Target, tmp_path: Path, provider: str
) -> None:
    require("@supabase/supabase-js")
    (tmp_path / "node_modules").symlink_to(node_modules())
    parts = (
        PRELUDE,
        "{", EXAMPLE[0], "said.found = data; said.failed = error; }",
        "{", EXAMPLE[1], "said.refused = error; }",
        "console.log(JSON.stringify(said));",
    )  # fmt: skip
    script = tmp_path / "example.mjs"
    script.write_text("\n".join(parts))
    said = subprocess.run(
        ["node", script],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "SUPABASE_URL": api.url,
            "SUPABASE_ANON_KEY": api.anon_key,
            "DEMO_PASSWORD": PASSWORD,
            "PROVIDER_ID": provider,
        },
    )
    assert said.returncode == 0, said.stderr
    answer = json.loads(said.stdout)
    assert (answer["failed"], answer["refused"]) == (None, None)
    assert answer["found"]["id"] == GHL
    assert answer["found"]["auth_provider_id"] == AMARA
    before = {GHL: "ghl-demo-access-amara", OTHERS_GHL: "ghl-demo-access-bjorn"}
    after = {**before, **({GHL: "ghl-new"} if provider == GHL else {})}
    assert {each: _token_of(prospectr, each) for each in before} == after


def test_whoever_signs_up_gets_rows_of_his_own_and_sees_no_other(api: DataApi) -> None:
    supabase = _client(api)
    made = supabase.auth.sign_up({"email": "new@example.com", "password": "long-enough-1"})
    assert made.session
    seen = supabase.table("user_profile").select("user_id_auth").execute().data
    assert {row["user_id_auth"] for row in seen} <= {made.user.id}


def test_a_session_can_be_refreshed_and_ended(api: DataApi) -> None:
    supabase = _signed_in(api, "bjorn.lindqvist@example.com")
    first = supabase.auth.get_session().access_token
    again = supabase.auth.refresh_session()
    assert again.session.refresh_token
    assert first
    supabase.auth.sign_out()


def test_times_are_written_as_postgrest_writes_them(api: DataApi) -> None:
    from supabase import create_client

    found = create_client(api.url, api.service_key).table("profiles").select("created_at").execute()
    assert len(found.data) == 9
    for row in found.data:
        assert "T" in row["created_at"]
        assert row["created_at"].endswith("+00:00")


@pytest.mark.parametrize(
    "role", ["postgres", "supabase_admin", "pg_read_all_data", "authenticator"]
)
def test_no_token_makes_anybody_more_than_an_api_role(api: DataApi, role: str) -> None:
    import httpx

    token = mint({"role": role, "sub": AMARA, "exp": 4102444800}, SECRET)
    said = httpx.get(
        f"{api.url}/rest/v1/profiles",
        headers={"apikey": api.anon_key, "Authorization": f"Bearer {token}"},
    )
    assert said.status_code in {401, 403, 500}
    assert AMARA not in said.text


def test_without_a_key_or_with_a_forged_token_nothing_is_answered(api: DataApi) -> None:
    import httpx

    assert httpx.get(f"{api.url}/rest/v1/profiles").status_code == 401
    forged = mint({"role": "service_role"}, "another secret, which is long enough too")
    for headers in (
        {"apikey": forged},
        {"apikey": api.anon_key, "Authorization": f"Bearer {forged}"},
    ):
        assert httpx.get(f"{api.url}/rest/v1/profiles", headers=headers).status_code == 401


def test_serving_leaves_grants_policies_and_functions_as_they_were(
    prospectr: Target, tmp_path: Path
) -> None:
    before = shape_of(prospectr)
    with served(prospectr, tmp_path) as api:
        _client(api).auth.sign_up({"email": "new@example.com", "password": "long-enough-1"})
        _signed_in(api, "bjorn.lindqvist@example.com").table("provider_data").select("*").execute()
        lent = difference(before, shape_of(prospectr))
    assert lent  # the comparison does see what was lent meanwhile
    assert difference(before, shape_of(prospectr)) == ()


def test_no_secret_is_in_a_process_list_or_the_log(prospectr: Target, tmp_path: Path) -> None:
    lines: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    lines.add(entry.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with served(prospectr, tmp_path) as api:
            secrets = [api.jwt_secret, api.service_key, api.anon_key, PASSWORD]
            assert not [secret for secret in secrets if secret in repr(api)]
            client = _signed_in(api, "amara.okafor@example.com")
            secrets.append(client.auth.get_session().access_token)
            with pytest.raises(Exception, match="permission denied"):
                client.table("profiles").delete().eq("id", AMARA).execute()
    finally:
        done.set()
        watcher.join()
    assert any(b"prospectr-db-serve" in line for line in lines)
    log = (tmp_path / "serve.log").read_text()
    for secret in secrets:
        assert not [line for line in lines if secret.encode() in line]
        assert secret not in log


def test_serve_prints_what_clients_are_configured_with_and_cleans_up(
    prospectr: Target, tmp_path: Path
) -> None:
    import httpx

    program(tmp_path)
    home = os.environ["PROSPECTR_DB_TEST_HOME"]
    process = subprocess.Popen(
        [sys.executable, "-m", "prospectr_db", "--project", REPOSITORY, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PROSPECTR_DB_HOME": home,
            "PROSPECTR_DB_NODE_MODULES": str(node_modules()),
        },
    )
    assert process.stdout
    assert process.stderr
    lines = [process.stdout.readline().strip() for _ in range(3)]
    assert all(lines), process.stderr.read()
    given = dict(line.split("=", 1) for line in lines)
    assert set(given) == {"SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"}
    key = given["SUPABASE_SERVICE_ROLE_KEY"]
    said = httpx.get(f"{given['SUPABASE_URL']}/rest/v1/profiles?select=id", headers={"apikey": key})
    assert len(said.json()) == 9
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(given["SUPABASE_URL"])
    with connect_admin(prospectr) as connection:
        for question, name in (
            (
                "select count(*) from pg_catalog.pg_roles where rolname ~ %s",
                f"^prospectr_api_{process.pid}_",
            ),
            (
                "select count(*) from pg_catalog.pg_database where datname ~ %s",
                f"^copy_{process.pid}_",
            ),
        ):
            assert connection.execute(question, (name,)).fetchone() == (0,)


def test_a_machine_without_node_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs Node\.js") as error:
        find_program(tmp_path, {"PATH": str(tmp_path)})
    assert "Install Node.js" in (error.value.hint or "")


def test_an_old_node_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v16.20.0\n")
    old.chmod(0o755)
    with pytest.raises(ConfigError, match="20 or newer"):
        find_program(tmp_path, {"PATH": str(tmp_path)})


def test_packages_that_are_missing_are_named(tmp_path: Path) -> None:
    require("@supabase/lite")
    environment = {**os.environ, "PROSPECTR_DB_NODE_MODULES": str(tmp_path / "node_modules")}
    with pytest.raises(ConfigError, match=r"@supabase/lite@0\.10\.0") as error:
        find_program(tmp_path, environment)
    assert "--save-exact" in (error.value.hint or "")


def test_processes_that_start_at_once_do_not_trip_over_the_script(tmp_path: Path) -> None:
    require("@supabase/lite")
    (tmp_path / "node_modules").symlink_to(node_modules())
    environment = {**os.environ, "PROSPECTR_DB_NODE_MODULES": str(tmp_path / "node_modules")}
    with ProcessPoolExecutor(4) as pool:
        found = list(pool.map(find_program, [tmp_path] * 8, [environment] * 8))
    assert len(set(found)) == 1
    assert list(tmp_path.glob("*.new")) == []


def test_serving_a_database_that_was_named_is_refused(cli: RunCli) -> None:
    url = "postgresql://postgres:hunter22secret@127.0.0.1:1/postgres"
    done = cli("serve", "--db-url", url, "--json", project=REPOSITORY)
    assert done.code == 2
    assert "hunter22secret" not in done.out + done.err


def test_a_port_in_use_is_explained(prospectr: Target, tmp_path: Path) -> None:
    import socket

    from prospectr_db.api.service import data_api as serve
    from prospectr_db.errors import ServerError

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        serving = serve(
            prospectr,
            program(tmp_path),
            secret=SECRET,
            log=tmp_path / "log",
            port=port,
            auth=AUTH,
        )
        with pytest.raises(ServerError, match="EADDRINUSE") as error, serving:
            pytest.fail("it listens on a port that is taken")
    assert "--port" in (error.value.hint or "")
    assert SECRET not in str(error.value.as_dict())
