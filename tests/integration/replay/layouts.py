"""Projects whose files are named, encoded or configured in an uncommon way."""

from __future__ import annotations

from .shape import Shape

_TABLE = "create table if not exists public.trace (place text);\n"
_CONFIG = "config.toml"


def _leaves(place: str) -> str:
    return _TABLE + "insert into public.trace values ('PLACE');\n".replace("PLACE", place)


_TRACES = ("select place from public.trace order by ctid",)

SHAPES = (
    Shape(
        "versions of three to fourteen digits",
        {
            "migrations/001_a.sql": _leaves("001"),
            "migrations/0002_b.sql": _leaves("0002"),
            "migrations/00003_c.sql": _leaves("00003"),
            "migrations/20240101_d.sql": _leaves("20240101"),
            "migrations/20240101000000_e.sql": _leaves("20240101000000"),
        },
        _TRACES,
        # Versions are compared as strings, as the Supabase CLI does.
        (("00003",), ("0002",), ("001",), ("20240101",), ("20240101000000",)),
    ),
    Shape(
        "names with a uuid, spaces and none at all",
        {
            "migrations/20240101000000_0b6a2f3c-9f7e-4d29-8a55-6f0c1f3f9a01.sql": _leaves("uuid"),
            "migrations/20240102000000_.sql": _leaves("no name"),
            "migrations/20240103000000_two words (copy).sql": _leaves("words"),
        },
        _TRACES,
        (("uuid",), ("no name",), ("words",)),
    ),
    Shape(
        "files that the Supabase CLI passes over",
        {
            "migrations/20240101000000_a.sql": _leaves("ran"),
            "migrations/README.md": "Not SQL.",
            "migrations/notes.sql": "this is not SQL either;",
            "migrations/20240102-dashes.sql": "nor is this;",
            "migrations/archive/20230101000000_old.sql": "nor this;",
        },
        _TRACES,
        (("ran",),),
        ("README.md", "notes.sql", "20240102-dashes.sql"),
    ),
    Shape(
        "carriage returns and a byte order mark",
        {
            "migrations/20240101000000_crlf.sql": _leaves("crlf").replace("\n", "\r\n").encode(),
            "migrations/20240102000000_bom.sql": b"\xef\xbb\xbf" + _leaves("bom").encode(),
            "seed.sql": (
                b"\xef\xbb\xbf-- seeds\r\ninsert into public.trace\r\nvalues ('seed');\r\n"
            ),
        },
        _TRACES,
        (("crlf",), ("bom",), ("seed",)),
    ),
    Shape(
        "empty files, comments only, and a comment at the end",
        {
            "migrations/20240101000000_empty.sql": b"",
            "migrations/20240102000000_blank.sql": b"\n \n\t\n",
            "migrations/20240103000000_line.sql": "-- to be written",
            "migrations/20240104000000_block.sql": "/* to be /* really */ written; */",
            "migrations/20240105000000_tail.sql": _leaves("tail") + "-- the end",
            "migrations/20240106000000_bare.sql": "insert into public.trace values ('bare')",
            "seed.sql": "-- nothing yet\n",
        },
        (
            (
                "select (select string_agg(place, ' ' order by ctid) from public.trace),"
                " count(*) from supabase_migrations.schema_migrations"
            ),
        ),
        (("tail bare", 6),),
    ),
    Shape(
        "seeds by glob, in the order of the globs",
        {
            _CONFIG: """
                [db.seed]
                enabled = true
                sql_paths = ["./seeds/base.sql", "./seeds/extra/*.sql", "./seeds/absent*.sql"]
            """,
            "migrations/20240101000000_a.sql": _leaves("migration"),
            "seeds/base.sql": _leaves("base"),
            "seeds/extra/b.sql": _leaves("b"),
            "seeds/extra/a.sql": _leaves("a"),
            "seed.sql": "this is not named, and must not run;",
        },
        _TRACES,
        (("migration",), ("base",), ("a",), ("b",)),
    ),
    Shape(
        "buckets and secrets of config.toml",
        {
            _CONFIG: """
                [db.vault]
                mailer_key = "from the config"

                [storage.buckets.images]
                public = true
                file_size_limit = "50MiB"
                allowed_mime_types = ["image/png", "image/jpeg"]
            """,
            "migrations/20240101000000_a.sql": """
                create table public.seen as
                select decrypted_secret from vault.decrypted_secrets where name = 'mailer_key';
            """,
        },
        (
            (
                "select (select decrypted_secret from public.seen), public, file_size_limit,"
                " allowed_mime_types from storage.buckets where id = 'images'"
            ),
        ),
        (("from the config", True, 52428800, ["image/png", "image/jpeg"]),),
    ),
    Shape(
        "seeding switched off",
        {
            _CONFIG: "[db.seed]\nenabled = false\n",
            "migrations/20240101000000_a.sql": _leaves("migration"),
            "seed.sql": "this must not run;",
        },
        _TRACES,
        (("migration",),),
    ),
    Shape(
        "tables exposed to the API by a switch",
        {
            _CONFIG: "[api]\nauto_expose_new_tables = true\n",
            "migrations/20240101000000_a.sql": "create table public.open (id int);",
        },
        ("select has_table_privilege('anon', 'public.open', 'select')",),
        ((True,),),
    ),
)
