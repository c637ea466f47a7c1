from __future__ import annotations

import pytest

from hikeshi.core.ids import Kind, best_name, cve_ids, kind_of, normalise

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "spelling", "kind"),
    [
        ("cve-2021-44228", "CVE-2021-44228", Kind.CVE),
        (" CVE-2024-1234567 ", "CVE-2024-1234567", Kind.CVE),
        ("ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q", Kind.GHSA),
        ("JVNDB-2024-000037", "JVNDB-2024-000037", Kind.JVNDB),
        ("JVN12345678", "JVN#12345678", Kind.JVN),
        ("jvnvu#93384765", "JVNVU#93384765", Kind.JVN),
        ("GO-2024-2652", "GO-2024-2652", Kind.GO),
        ("DSA-5343-1", "DSA-5343-1", Kind.OTHER),
        ("CVE-2021-4", "CVE-2021-4", Kind.OTHER),
    ],
)
def test_an_id_has_one_spelling_and_a_kind(text: str, spelling: str, kind: Kind) -> None:
    assert normalise(text) == spelling
    assert kind_of(text) is kind
    assert normalise(spelling) == spelling


def test_a_vulnerability_goes_by_its_cve_id_when_it_has_one() -> None:
    names = ["PYSEC-2021-1", "GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228", "BIT-x-2021-1"]
    assert best_name(names) == "CVE-2021-44228"
    assert best_name(names[:2]) == "GHSA-jfh8-c2jp-5v3q"
    assert cve_ids(names) == {"CVE-2021-44228"}
