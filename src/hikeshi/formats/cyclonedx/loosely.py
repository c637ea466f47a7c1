"""Read a document whose fields have the wrong types, forgiving them one by one.

Only for documents that the quick, typed reading refused: it costs ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hikeshi.core.errors import Deviation
from hikeshi.formats.cyclonedx import schema
from hikeshi.formats.deviations import forgive


class Forgiving:
    """Turns plain JSON values into the structs of ``schema``; collects what it forgave."""

    def __init__(self) -> None:
        self.deviations: list[Deviation] = []

    def document(self, raw: dict[str, Any]) -> schema.Document:
        """Read a whole document."""
        metadata = self._object(raw, "metadata", "$")
        return schema.Document(
            bomFormat=self._text(raw, "bomFormat", "$"),
            specVersion=self._text(raw, "specVersion", "$"),
            serialNumber=self._text(raw, "serialNumber", "$"),
            metadata=self._metadata(metadata) if metadata is not None else None,
            components=self._parts(raw, "$"),
            dependencies=[
                schema.Dependency(
                    ref=self._text(item, "ref", place), dependsOn=self._texts(item, place)
                )
                for place, item in self._objects(raw, "dependencies", "$")
            ],
        )

    def _metadata(self, raw: dict[str, Any]) -> schema.Metadata:
        component = self._object(raw, "component", "$.metadata")
        return schema.Metadata(
            timestamp=self._text(raw, "timestamp", "$.metadata"),
            tools=raw.get("tools"),
            component=self._part(component, "$.metadata.component") if component else None,
        )

    def _parts(self, raw: dict[str, Any], place: str) -> list[schema.Part]:
        return [self._part(item, where) for where, item in self._objects(raw, "components", place)]

    def _part(self, raw: dict[str, Any], place: str) -> schema.Part:
        supplier = self._object(raw, "supplier", place)
        texts = {
            field: self._text(raw, field, place)
            for field in ("type", "name", "group", "version", "purl", "cpe", "publisher")
        }
        return schema.Part(
            **texts,
            bom_ref=self._text(raw, "bom-ref", place),
            supplier=schema.Named(self._text(supplier, "name", place)) if supplier else None,
            licenses=list(self._licences(raw, place)),
            properties=[
                schema.Property(self._text(item, "name", where), self._text(item, "value", where))
                for where, item in self._objects(raw, "properties", place)
            ],
            components=self._parts(raw, place),
        )

    def _licences(self, raw: dict[str, Any], place: str) -> Iterator[schema.LicenceChoice]:
        for where, item in self._objects(raw, "licenses", place):
            licence = self._object(item, "license", where)
            yield schema.LicenceChoice(
                license=schema.Licence(
                    self._text(licence, "id", where), self._text(licence, "name", where)
                )
                if licence
                else None,
                expression=self._text(item, "expression", where),
            )

    def _text(self, raw: dict[str, Any], field: str, place: str) -> str | None:
        value = raw.get(field)
        if value is None or isinstance(value, str):
            return value
        self._forgive(f"{place}.{field}")
        return str(value) if isinstance(value, int | float) else None

    def _texts(self, raw: dict[str, Any], place: str) -> list[str]:
        value = raw.get("dependsOn")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        if value is not None:
            self._forgive(f"{place}.dependsOn")
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def _object(self, raw: dict[str, Any], field: str, place: str) -> dict[str, Any] | None:
        value = raw.get(field)
        if value is None or isinstance(value, dict):
            return value
        self._forgive(f"{place}.{field}")
        return None

    def _objects(
        self, raw: dict[str, Any], field: str, place: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give each object of a list with its place; anything else is forgiven and left out."""
        value = raw.get(field)
        if value is None:
            return
        if not isinstance(value, list):
            self._forgive(f"{place}.{field}")
            return
        for index, item in enumerate(value):
            where = f"{place}.{field}[{index}]"
            if isinstance(item, dict):
                yield where, item
            else:
                self._forgive(where)

    def _forgive(self, place: str) -> None:
        forgive(self.deviations, place)
