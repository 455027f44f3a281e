"""The stand-in for postgis answers as PostGIS 3.3 does, and refuses what it does not know."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from prospectr_db.access.writing.values import shapes
from prospectr_db.database import Target, connect
from prospectr_db.server.embedded import EmbeddedServer
from prospectr_db.server.templates import Template, Templates

# What PostGIS 3.3.2 (GEOS 3.11, PROJ 9.1) answered to each expression, as text.
KNOWN_ANSWERS = Path(__file__).with_name("postgis_known_answers.tsv")
EXACT = ("literals", "written", "parts", "predicates")
# How far a number may be from PostGIS's, relative to it.
WITHIN = {"plane": 1e-12, "earth": 1e-9, "earth areas": 2e-4}


@pytest.fixture(scope="module")
def gis_database(
    server: EmbeddedServer, platform_template: Template, worker_id: str
) -> Iterator[Target]:
    name = f"gis_{worker_id}"
    with server.memory() as connection:
        Templates(connection).copy(platform_template, name)
    target = server.target(name)
    with connect(target) as owner:
        owner.execute("create extension postgis with schema extensions")
        owner.commit()
    yield target
    with server.memory() as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest.fixture
def gis(gis_database: Target) -> Iterator[Connection[Any]]:
    """`postgres` where postgis is in schema extensions; what it does is rolled back."""
    with connect(gis_database) as connection:
        yield connection
        connection.rollback()


def known(subject: str) -> dict[str, str | None]:
    with KNOWN_ANSWERS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        found = {row["expression"]: row["answer"] for row in rows if row["subject"] == subject}
    assert found
    return {expression: None if said == r"\N" else said for expression, said in found.items()}


def answers(gis: Connection[Any], expressions: list[str]) -> dict[str, str | None]:
    columns = sql.SQL(", ").join(sql.SQL("({})::text").format(sql.SQL(e)) for e in expressions)
    row = gis.execute(sql.SQL("select {}").format(columns)).fetchone()
    assert row is not None
    return dict(zip(expressions, row, strict=True))


def refusal(gis: Connection[Any], statement: str) -> tuple[str | None, str]:
    with pytest.raises(psycopg.Error) as refused, gis.transaction():
        gis.execute(sql.SQL(statement))
    return refused.value.sqlstate, refused.value.diag.message_primary or ""


@pytest.mark.parametrize("subject", EXACT)
def test_it_answers_as_postgis_does(gis: Connection[Any], subject: str) -> None:
    expected = known(subject)
    assert answers(gis, list(expected)) == expected


@pytest.mark.parametrize("subject", sorted(WITHIN))
def test_it_measures_as_postgis_does(gis: Connection[Any], subject: str) -> None:
    expected = {expression: float(said or "nan") for expression, said in known(subject).items()}
    measured = {e: float(said or "nan") for e, said in answers(gis, list(expected)).items()}
    assert measured == pytest.approx(expected, rel=WITHIN[subject], abs=1e-12)


@pytest.mark.parametrize(
    ("statement", "sqlstate", "message"),
    [
        ("select 'POINT(1 2'::geometry", "XX000", "parse error - invalid geometry"),
        ("select ''::geometry", "XX000", "parse error - invalid geometry"),
        ("select 'LINESTRING(1 2)'::geometry", "XX000", "geometry requires more points"),
        (
            "select 'POLYGON((0 0,1 1,1 0,0 1))'::geometry",
            "XX000",
            "geometry contains non-closed rings",
        ),
        (
            "select 'LINESTRING(1 2,3 4 5)'::geometry",
            "XX000",
            "can not mix dimensionality in a geometry",
        ),
        ("select '0101'::geometry", "XX000", "WKB structure does not match expected size!"),
        (
            "select 'SRID=3857;POINT(1 2)'::geography",
            "22023",
            "Only lon/lat coordinate systems are supported in geography.",
        ),
        (
            "select 'SRID=3857;POINT(1 2)'::geometry(Point,4326)",
            "22023",
            "Geometry SRID (3857) does not match column SRID (4326)",
        ),
        (
            "select 'LINESTRING(1 2,3 4)'::geography(Point)",
            "22023",
            "Geometry type (LineString) does not match column type (Point)",
        ),
        (
            "select 'POINT(1 2 3)'::geometry(Point,4326)",
            "22023",
            "Geometry has Z dimension but column does not",
        ),
        (
            "create table t (g geometry(foo))",
            "22023",
            "Invalid geometry type modifier: foo",
        ),
        ("select st_x('LINESTRING(0 0,1 1)')", "XX000", "Argument to ST_X() must have type POINT"),
        (
            "select st_distance('SRID=4326;POINT(0 0)'::geometry, 'POINT(0 0)'::geometry)",
            "XX000",
            "ST_Distance: Operation on mixed SRID geometries (Point, 4326) != (Point, 0)",
        ),
        (
            "select st_transform('POINT(1 1)'::geometry, 3857)",
            "XX000",
            "ST_Transform: Input geometry has unknown (0) SRID",
        ),
        (
            'select st_geomfromgeojson(\'{"type": "Feature"}\')',
            "XX000",
            "invalid GeoJson representation",
        ),
    ],
)
def test_it_refuses_what_postgis_refuses(
    gis: Connection[Any], statement: str, sqlstate: str, message: str
) -> None:
    assert refusal(gis, statement) == (sqlstate, message)


@pytest.mark.parametrize(
    "call",
    [
        "st_union('POINT(0 0)'::geometry, 'POINT(1 1)'::geometry)",
        "st_intersection('POINT(0 0)'::geometry, 'POINT(1 1)'::geometry)",
        "st_asmvtgeom('POINT(0 0)'::geometry, st_makebox2d(st_point(0, 0), st_point(1, 1)))",
        "st_voronoipolygons('POINT(0 0)'::geometry)",
    ],
)
def test_what_is_not_offered_does_not_exist(gis: Connection[Any], call: str) -> None:
    assert refusal(gis, f"select {call}")[0] == "42883"


@pytest.mark.parametrize(
    "call",
    [
        "'CIRCULARSTRING(0 0,1 1,2 0)'::geometry",
        "st_buffer('LINESTRING(0 0,1 1)'::geometry, 1)",
        "st_transform('SRID=4326;POINT(0 0)'::geometry, 2154)",
        "st_makevalid('POLYGON((0 0,1 1,1 0,0 1,0 0))'::geometry)",
    ],
)
def test_what_a_function_cannot_do_here_is_said(gis: Connection[Any], call: str) -> None:
    sqlstate, message = refusal(gis, f"select {call}")
    assert sqlstate == "0A000"
    assert "stand-in" in message


def test_columns_keep_their_type_and_reference_system(gis: Connection[Any]) -> None:
    gis.execute(
        "create table public.places ("
        " a geometry(Point, 4326), b geography(point), c geography, d geometry(PolygonZM),"
        " e geometry(geometry, 3857), f geometry(POINTZ, 4326), g geometry,"
        " h geometry(MultiPolygon, 25832))"
    )
    assert gis.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = 'public.places'::regclass and attnum > 0 order by attnum"
    ).fetchall() == [
        ("a", "geometry(Point,4326)"),
        ("b", "geography(Point,4326)"),
        ("c", "geography"),
        ("d", "geometry(PolygonZM)"),
        ("e", "geometry(Geometry,3857)"),
        ("f", "geometry(PointZ,4326)"),
        ("g", "geometry"),
        ("h", "geometry(MultiPolygon,25832)"),
    ]
    assert gis.execute(
        "select f_geometry_column, coord_dimension, srid, type from geometry_columns"
        " where f_table_name = 'places' order by f_geometry_column"
    ).fetchall() == [
        ("a", 2, 4326, "POINT"),
        ("d", 4, 0, "POLYGON"),
        ("e", 2, 3857, "GEOMETRY"),
        ("f", 3, 4326, "POINT"),
        ("g", 2, 0, "GEOMETRY"),
        ("h", 2, 25832, "MULTIPOLYGON"),
    ]
    assert gis.execute(
        "select f_geography_column, srid, type from geography_columns"
        " where f_table_name = 'places' order by f_geography_column"
    ).fetchall() == [("b", 4326, "Point"), ("c", 0, "Geometry")]


def test_copy_and_json_are_held_to_the_column_s_modifier(gis: Connection[Any]) -> None:
    gis.execute("create table public.places (at geometry(Point, 4326))")
    copy = "copy public.places from stdin"
    with gis.cursor().copy(copy) as lines:
        lines.write("POINT(1 2)\n")
    with (
        pytest.raises(psycopg.Error, match="does not match column type") as refused,
        gis.transaction(),
        gis.cursor().copy(copy) as lines,
    ):
        lines.write("LINESTRING(1 2,3 4)\n")
    assert refused.value.sqlstate == "22023"
    document = '{"at": {"type": "Point", "coordinates": [3, 4]}}'
    gis.execute(
        "insert into public.places select * from json_populate_record(null::public.places, %s)",
        (document,),
    )
    assert gis.execute("select st_asewkt(at) from public.places order by st_x(at)").fetchall() == [
        ("SRID=4326;POINT(1 2)",),
        ("SRID=4326;POINT(3 4)",),
    ]


def test_every_index_that_postgis_has_can_be_created_and_changes_no_answer(
    gis: Connection[Any],
) -> None:
    gis.execute(
        "create table public.places (id int, at geography(Point), area geometry(Geometry, 4326));"
        "create index on public.places using gist (at);"
        "create index on public.places using gist (area);"
        "create index on public.places using spgist (area);"
        "create index on public.places using brin (area);"
        "create index on public.places (area);"
        "insert into public.places select i, st_point(i % 360 - 180, i % 180 - 90),"
        " st_setsrid(st_point(i % 10, i % 7), 4326) from generate_series(1, 500) i;"
        "insert into public.places values (501, null, 'SRID=4326;LINESTRING EMPTY');"
        "create index on public.places using gist (at gist_geography_ops);"
        "set local enable_seqscan = off"
    )
    found = "select count(*) from public.places where {}"
    for condition, expected in (
        (
            "area && st_makeenvelope(0, 0, 1, 1, 4326)",
            sum(i % 10 <= 1 and i % 7 <= 1 for i in range(1, 501)),
        ),
        (
            "area = st_setsrid(st_point(3, 3), 4326)",
            sum(i % 10 == 3 and i % 7 == 3 for i in range(1, 501)),
        ),
        ("st_dwithin(at, st_point(-175, -85), 1000)", 2),
        ("true", 501),
    ):
        assert gis.execute(sql.SQL(found.format(condition))).fetchone() == (expected,)


def test_values_travel_in_binary_as_ewkb(gis: Connection[Any]) -> None:
    ewkb = bytes.fromhex("0101000020E6100000000000000000F03F0000000000000040")
    with gis.cursor(binary=True) as cursor:
        row = cursor.execute("select 'SRID=4326;POINT(1 2)'::geometry").fetchone()
        assert row == (ewkb,)
    assert gis.execute("select st_asewkt(%b::geometry)", (ewkb,)).fetchone() == (
        "SRID=4326;POINT(1 2)",
    )


@pytest.mark.parametrize("suffix", ["", "Z", "M", "ZM"])
def test_the_rows_that_access_builds_fit_columns_of_every_kind(
    gis: Connection[Any], suffix: str
) -> None:
    kinds = ("Geometry", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString")
    for kind in (*kinds, "MultiPolygon", "GeometryCollection"):
        for type_ in (f"geometry({kind}{suffix},3857)", f"geography({kind}{suffix},4326)"):
            values = shapes(type_, 7)
            assert answers(gis, [f"st_isvalid('{values[0]}'::{type_}::geometry)"]) == {
                f"st_isvalid('{values[0]}'::{type_}::geometry)": "true"
            }


def test_rows_become_geojson_features(gis: Connection[Any]) -> None:
    row = gis.execute(
        "select st_asgeojson(t.*)::jsonb"
        " from (values (1, 'x', st_point(1, 2, 4326))) t (id, name, g)"
    ).fetchone()
    assert row == (
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [1, 2]},
            "properties": {"id": 1, "name": "x"},
        },
    )
