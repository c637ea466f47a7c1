"""Set-wise SQL of interning and uploads: whole lists in one statement, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models.expressions import RawSQL

from hikeshi.inventory.models import SBOM, Occurrence, SBOMSlot


def given_rows(*columns: str) -> str:
    """Return SQL of a table ``given`` whose rows come as one JSON parameter, on both databases.

    columns: ``name type`` of each place in the arrays of the JSON array.
    """
    postgres = connection.vendor == "postgresql"
    places = []
    for place, column in enumerate(columns):
        name, kind = column.split()
        cell = f"j.value->>{place}" if postgres else f"json_extract(j.value, '$[{place}]')"
        # Bytes travel as hexadecimal text.
        value = f"decode({cell}, 'hex')" if kind == "bytea" else f"CAST({cell} AS {kind})"
        places.append(f"{value} AS {name}")
    source = "jsonb_array_elements(CAST(%s AS jsonb))" if postgres else "json_each(%s)"
    return f"(SELECT {', '.join(places)} FROM {source} j) given"


def package_ids(names: Sequence[tuple[str, str, str, str]]) -> dict[tuple[str, str, str, str], int]:
    """Return the ids of those names (system, distro release, scheme, name) that are interned."""
    given = given_rows("system text", "distro_release text", "scheme text", "name text")
    sql = f"""
        SELECT p.system, p.distro_release, p.scheme, p.name, p.id FROM {given}
        JOIN inventory_package p ON p.name = given.name AND p.system = given.system
            AND p.distro_release = given.distro_release AND p.scheme = given.scheme
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(names)])
        return {(a, b, c, d): pk for a, b, c, d, pk in cursor.fetchall()}


def version_ids(pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Return the ids of those (package id, version) that are interned."""
    sql = f"""
        SELECT v.package_id, v.version, v.id FROM {given_rows("package_id bigint", "version text")}
        JOIN inventory_packageversion v
            ON v.package_id = given.package_id AND v.version = given.version
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(pairs)])
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def component_ids(digests: Sequence[str]) -> dict[str, int]:
    """Return the ids of those component digests that are interned."""
    sql = f"""
        SELECT c.digest, c.id FROM {given_rows("digest text")}
        JOIN inventory_component c ON c.digest = given.digest
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json([[digest] for digest in digests])])
        return dict(cursor.fetchall())


def open_occurrences(slot: SBOMSlot) -> Iterator[tuple[int, int, int | None, int]]:
    """Read (id, component id, package version id, via) of what is in a slot now."""
    return (
        Occurrence.objects.filter(
            release_id=slot.release_id, slot_id=slot.pk, known_to__isnull=True
        )
        .values_list("id", "component_id", "package_version_id", "via")
        .iterator(chunk_size=10_000)
    )


def close_occurrences(ids: Sequence[int], sbom: SBOM) -> None:
    """Close occurrences because a newer SBOM of their slot no longer states them."""
    sql = f"""
        UPDATE inventory_occurrence SET known_to = %s, closed_in = %s
        WHERE id IN (SELECT given.id FROM {given_rows("id bigint")})
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [_moment(sbom), sbom.batch, as_json([[pk] for pk in ids])])


def open_new_occurrences(places: Sequence[tuple[int, int | None, int, str]], sbom: SBOM) -> None:
    """Open occurrences in the slot of an SBOM.

    places: (component id, package version id, via, bom-ref).
    """
    given = given_rows(
        "component_id bigint", "package_version_id bigint", "via smallint", "bom_ref text"
    )
    sql = f"""
        INSERT INTO inventory_occurrence (release_id, slot_id, sbom_id, known_from, opened_in,
            component_id, package_version_id, via, bom_ref)
        SELECT %s, %s, %s, %s, %s, component_id, package_version_id, via, bom_ref FROM {given}
    """
    fixed = [sbom.release_id, sbom.slot_id, sbom.pk, _moment(sbom), sbom.batch]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*fixed, as_json(places)])


def _moment(sbom: SBOM) -> Any:
    return connection.ops.adapt_datetimefield_value(sbom.uploaded_at)


def as_json(rows: Sequence[Sequence[object]]) -> str:
    """Return rows as the one parameter of ``given_rows``."""
    return orjson.dumps([tuple(row) for row in rows], default=bytes.hex).decode()


def ids_given(ids: Iterable[int]) -> RawSQL:
    """Return ids as what ``__in`` takes, however many: one parameter, not one each."""
    sql = f"SELECT given.id FROM {given_rows('id bigint')}"
    return RawSQL(sql, [as_json([[one] for one in ids])])  # noqa: S611  # no word of it is given
