"""Read what we ship."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from django.db import connection


def _rows(*columns: str) -> str:
    """Return SQL of a table ``given`` whose rows come as one JSON parameter, on both databases.

    columns: ``name type`` of each place in the arrays of the JSON array.
    """
    postgres = connection.vendor == "postgresql"
    places = []
    for place, column in enumerate(columns):
        name, kind = column.split()
        cell = f"j.value->>{place}" if postgres else f"json_extract(j.value, '$[{place}]')"
        places.append(f"CAST({cell} AS {kind}) AS {name}")
    source = "jsonb_array_elements(CAST(%s AS jsonb))" if postgres else "json_each(%s)"
    return f"(SELECT {', '.join(places)} FROM {source} j) given"


def package_ids(names: Sequence[tuple[str, str, str, str]]) -> dict[tuple[str, str, str, str], int]:
    """Return the ids of those names (system, distro release, scheme, name) that are interned."""
    given = _rows("system text", "distro_release text", "scheme text", "name text")
    sql = f"""
        SELECT p.system, p.distro_release, p.scheme, p.name, p.id FROM {given}
        JOIN inventory_package p ON p.name = given.name AND p.system = given.system
            AND p.distro_release = given.distro_release AND p.scheme = given.scheme
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json(names)])
        return {(a, b, c, d): pk for a, b, c, d, pk in cursor.fetchall()}


def version_ids(pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Return the ids of those (package id, version) that are interned."""
    sql = f"""
        SELECT v.package_id, v.version, v.id FROM {_rows("package_id bigint", "version text")}
        JOIN inventory_packageversion v
            ON v.package_id = given.package_id AND v.version = given.version
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json(pairs)])
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def component_ids(digests: Sequence[str]) -> dict[str, int]:
    """Return the ids of those component digests that are interned."""
    sql = f"""
        SELECT c.digest, c.id FROM {_rows("digest text")}
        JOIN inventory_component c ON c.digest = given.digest
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json([[digest] for digest in digests])])
        return dict(cursor.fetchall())


def _json(rows: Sequence[Sequence[object]]) -> str:
    return orjson.dumps([tuple(row) for row in rows]).decode()
