"""Read an SBOM of whichever format we know: the one way in for uploads and scans.

Which format it is says the JSON's own top fields, looked at without reading the rest.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from hikeshi.core.component import BillOfMaterials
from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.formats import jsontext
from hikeshi.formats.cyclonedx import read as cyclonedx
from hikeshi.formats.spdx import read as spdx

LIMIT_BYTES: Final = 128 * 1024 * 1024


class _Head(msgspec.Struct, rename={"context": "@context"}):
    """The fields by which formats differ; their values may be anything."""

    bomFormat: Any = None  # noqa: N815  # the standard's spelling
    spdxVersion: Any = None  # noqa: N815
    context: Any = None
    artifacts: msgspec.Raw = msgspec.Raw()
    descriptor: msgspec.Raw = msgspec.Raw()


_HEAD = msgspec.json.Decoder(_Head)


def read(content: bytes) -> BillOfMaterials:
    """Read CycloneDX JSON 1.2 to 1.7 or SPDX JSON 2.2 to 2.3.

    Raises TooLarge over the limits, Malformed for damaged text, NotAnSBOM (of ``cyclonedx.read``)
    or NotSPDX with the reason for anything else.
    """
    text = jsontext.checked(content, limit_bytes=LIMIT_BYTES)
    try:
        head = jsontext.decode(_HEAD, text)
    except InputRefused:
        # The reader of CycloneDX says best what is wrong with damaged text and with XML.
        return cyclonedx.read(content)
    if head.spdxVersion is not None and head.bomFormat is None:
        return spdx.read(content)
    if head.bomFormat is None:
        if "spdx.org/rdf/3" in str(head.context):
            raise spdx.NotSPDX(
                gettext_noop("The file is SPDX 3; SPDX JSON is read from version 2.2 to 2.3. Have the tool write SPDX 2.3 or CycloneDX.")  # noqa: E501  # one sentence
            )  # fmt: skip
        if bytes(head.artifacts) and bytes(head.descriptor):
            raise cyclonedx.NotAnSBOM(
                gettext_noop("The file is Syft’s own JSON. Have Syft write CycloneDX or SPDX JSON (-o cyclonedx-json).")  # noqa: E501  # one sentence
            )  # fmt: skip
    return cyclonedx.read(content)
