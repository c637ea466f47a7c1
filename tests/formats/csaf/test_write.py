"""What we write as CSAF 2.0, read by two programs that are not ours."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import csaf.csaf.v20
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hikeshi.core.advisory import (
    Advisory,
    Credit,
    Edition,
    Note,
    Product,
    Publisher,
    Reference,
    Remedy,
    Score,
    State,
    Vulnerability,
    Weakness,
)
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import Action, Justification, ProductStatus
from hikeshi.formats.csaf.write import NotWritable, file_name, write

pytestmark = pytest.mark.pure

JST = timezone(timedelta(hours=9))
AT = datetime(2026, 11, 5, 14, 0, tzinfo=JST)
CVSS4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"
NOT = ProductStatus.KNOWN_NOT_AFFECTED


def release(number: int, name: str = "KZ-Logic P4", version: str = "") -> Product:
    return Product(f"KZPID-{number}", "Kazahaya Electric", name, version or f"1.{number}.0")


FULL = Advisory(
    id="KZSA-2026-0009",
    title="KZ-Logic P4: denial of service",
    language="en",
    source_language="ja",
    severity="High",
    publisher=Publisher(
        "Kazahaya Electric", "https://kazahaya.example", contact="psirt@kazahaya.example"
    ),
    editions=(
        Edition(1, AT, "Published."),
        Edition(2, AT + timedelta(days=13), "A fixed version was added."),
    ),
    aliases=("KZ-2026-0042",),
    notes=(Note("summary", "Crafted traffic stops the device.", "Summary"),),
    references=(Reference("https://k.example/advisories/kzsa-2026-0009.json", "This", True),),
    credits=(Credit(("Rei Miyahara",), "", "for the report", ("https://r.example/",)),),
    products=(
        release(1), release(2),
        release(3, "KZ-Gate"), release(4, "KZ-View", "2.0"), release(5, "KZ-View", "3.0"),
    ),
    vulnerabilities=(
        Vulnerability(
            title="Allocation without limits in the protocol stack",
            cve="CVE-2026-90417",
            ids=(("GHSA", "GHSA-xxxx-yyyy-zzzz"),),
            weakness=Weakness(
                "CWE-770", "Allocation of Resources Without Limits or Throttling"
            ),
            notes=(Note("description", "Requests are queued without bound."),),
            statuses={
                ProductStatus.KNOWN_AFFECTED: ("KZPID-1",),
                ProductStatus.FIXED: ("KZPID-2",),
                NOT: ("KZPID-3", "KZPID-4"),
                ProductStatus.UNDER_INVESTIGATION: ("KZPID-5",),
            },
            justifications={Justification.COMPONENT_NOT_PRESENT: ("KZPID-3",)},
            impacts=(("Input is checked before.", ("KZPID-4",)),),
            remedies=(
                Remedy(Action.VENDOR_FIX, "Update.", ("KZPID-1",), "https://k.example/", AT),
            ),
            scores=(
                Score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:P", ("KZPID-1",)),
                Score(CVSS4, ("KZPID-1",)),
                Score("AV:N/AC:L/Au:N/C:N/I:N/A:C", ("KZPID-1",)),
            ),
            references=(Reference("https://jvn.example/JVN1", "JVN"),),
            discovered_at=AT - timedelta(days=60),
            released_at=AT,
        ),
    ),
)  # fmt: skip


@cache
def schema_validator() -> jsonschema_rs.Validator:
    """The OASIS schema, from the package that brings it."""
    folder = files("csaf") / "csaf/v20/schema"
    schema = json.loads((folder / "csaf.json").read_bytes())
    known = [
        (f"https://www.first.org/cvss/cvss-v{version}.json",
         json.loads((folder / f"referenced/cvss-v{version}.json").read_bytes()))
        for version in ("2.0", "3.0", "3.1")
    ]  # fmt: skip
    return jsonschema_rs.Draft202012Validator(schema, registry=jsonschema_rs.Registry(known))


def problems(written: bytes) -> list[str]:
    """What the schema and the mandatory tests of CSAF 2.0 say against a document."""
    document: dict[str, Any] = json.loads(written)
    found = [f"{error.instance_path}: {error.message}" for error in
             schema_validator().iter_errors(document)]  # fmt: skip
    report = csaf.csaf.v20.validate(document, preset="mandatory")
    assert not [r.id for r in report.results if r.skipped]
    found += [f"{r.id} {r.title}: {e.message}"
              for r in report.results if not r.passed for e in r.errors]  # fmt: skip
    return found


def test_a_full_advisory_is_valid_by_schema_and_mandatory_tests() -> None:
    assert problems(write(FULL, engine_version="1")) == []


def test_a_full_advisory_says_what_it_should() -> None:
    document = json.loads(write(FULL, engine_version="1"))
    assert document["document"]["category"] == "csaf_security_advisory"
    assert document["document"]["distribution"] == {"tlp": {"label": "WHITE"}}
    assert document["document"]["tracking"]["current_release_date"] == "2026-11-18T05:00:00Z"
    assert document["document"]["tracking"]["version"] == "2"
    one = document["vulnerabilities"][0]
    assert one["product_status"] == {
        "known_affected": ["KZPID-1"],
        "fixed": ["KZPID-2"],
        "known_not_affected": ["KZPID-3", "KZPID-4"],
        "under_investigation": ["KZPID-5"],
    }
    assert one["flags"] == [{"label": "component_not_present", "product_ids": ["KZPID-3"]}]
    assert [score["cvss_v3"]["baseScore"] for score in one["scores"] if "cvss_v3" in score] == [7.5]
    assert {"category": "other", "title": "CVSS 4.0"}.items() <= one["notes"][1].items()


def test_the_same_advisory_gives_the_same_bytes() -> None:
    shuffled = replace(FULL, products=FULL.products[::-1], editions=FULL.editions[::-1])
    again = write(shuffled, engine_version="1")
    first = json.loads(write(FULL, engine_version="1"))
    assert write(FULL, engine_version="1") == write(replace(FULL), engine_version="1")
    assert json.loads(again)["document"] == first["document"]


def test_a_draft_has_version_zero_and_no_history() -> None:
    written = write(replace(FULL, state=State.DRAFT), engine_version="1")
    assert problems(written) == []
    assert json.loads(written)["document"]["tracking"]["version"] == "0"


def test_a_withdrawal_without_products_is_still_a_valid_document() -> None:
    bare = replace(FULL, products=(), vulnerabilities=(), source_language="")
    written = write(bare, engine_version="1")
    assert problems(written) == []
    assert json.loads(written)["document"]["category"] == "csaf_base"


def test_amber_strict_becomes_amber_with_words() -> None:
    document = json.loads(write(replace(FULL, tlp=TLP.AMBER_STRICT), engine_version="1"))
    assert document["document"]["distribution"]["tlp"] == {"label": "AMBER"}
    assert "AMBER+STRICT" in document["document"]["distribution"]["text"]


VULNERABILITY = FULL.vulnerabilities[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"products": FULL.products[1:]}, "“KZPID-1” is named but not described"),
        ({"products": (*FULL.products, FULL.products[0])}, "“KZPID-1” stands for two releases"),
        ({"editions": ()}, "at least one edition"),
        ({"source_language": "en"}, "another language"),
        ({"vulnerabilities": (VULNERABILITY, VULNERABILITY)}, "stands for two vulnerabilities"),
        (
            {"vulnerabilities": (replace(VULNERABILITY, statuses={
                NOT: ("KZPID-1",), ProductStatus.FIXED: ("KZPID-1",)}),)},
            "“KZPID-1” has two statuses",
        ),
        (
            {"vulnerabilities": (replace(VULNERABILITY, justifications=dict.fromkeys(
                list(Justification)[:2], ("KZPID-3",))),)},
            "“KZPID-3” has two justifications",
        ),
        (
            {"vulnerabilities": (replace(VULNERABILITY, scores=(
                Score("CVSS:3.1/x", ("KZPID-1",)),)),)},
            "is not a CVSS vector",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotWritable, match=sentence):
        write(replace(FULL, **change), engine_version="1")


def test_file_names_agree_with_the_official_suite(shared: Path) -> None:
    suite = shared / "conformance/csaf/2.0/filenames"
    named = {path: json.loads(path.read_bytes())["document"]["tracking"]["id"]
             for path in suite.rglob("*.json")}  # fmt: skip
    assert len(named) >= 6
    for path, tracking_id in named.items():
        assert (file_name(tracking_id) == path.name) == (path.parent.name == "valid"), path


words = st.text("abcde 日本語", min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def advisories(draw: st.DrawFn) -> Advisory:
    count = draw(st.integers(0, 6))
    products = tuple(
        release(number, draw(st.sampled_from(["A", "B"]))) for number in range(1, count + 1)
    )
    one: dict[ProductStatus, list[str]] = {status: [] for status in ProductStatus}
    for product in products:
        one[draw(st.sampled_from(ProductStatus))].append(product.product_id)
    statuses = {status: tuple(ids) for status, ids in one.items()}
    affected = statuses[ProductStatus.KNOWN_AFFECTED]
    vulnerability = Vulnerability(
        title=draw(words),
        cve=draw(st.sampled_from(["", "CVE-2026-12345"])),
        notes=tuple(draw(st.lists(st.builds(Note, st.just("description"), words), max_size=2))),
        statuses=statuses,
        justifications={draw(st.sampled_from(Justification)): statuses[NOT]},
        remedies=(Remedy(draw(st.sampled_from(Action)), draw(words), affected),),
        scores=(Score("CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:C/C:L/I:N/A:L", affected),),
    )
    editions = draw(st.integers(1, 4))
    return Advisory(
        id=draw(words),
        title=draw(words),
        language="ja",
        publisher=Publisher(draw(words), "https://k.example"),
        editions=tuple(Edition(n, AT + timedelta(days=n), "x") for n in range(1, editions + 1)),
        state=draw(st.sampled_from(State)),
        products=products,
        vulnerabilities=draw(st.sampled_from([(), (vulnerability,)])),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(advisories())
def test_whatever_is_written_is_valid(advisory: Advisory) -> None:
    assert problems(write(advisory, engine_version="1")) == []


def test_moments_are_written_in_utc() -> None:
    tracking = json.loads(write(FULL, engine_version="1"))["document"]["tracking"]
    assert tracking["initial_release_date"] == AT.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
