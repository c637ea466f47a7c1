"""The demo company's products load, in realm demo, with SBOMs and gaps."""

from __future__ import annotations

import pytest

from hikeshi.inventory.models import SBOM, Component, Offering, Release
from hikeshi.project import demo
from tests.builders import NOW

pytestmark = pytest.mark.django_db


def test_the_demo_has_products_of_every_kind_with_sboms() -> None:
    world = demo.load(NOW)
    assert set(Offering.objects.values_list("kind", flat=True)) == {
        "product", "part", "service", "resold",
    }  # fmt: skip
    assert set(Offering.objects.values_list("realm", flat=True)) == {"demo"}
    with_sbom = Release.objects.filter(pk__in=SBOM.objects.values("release"))
    assert with_sbom.count() >= 20
    assert world.things["releases"]["KZ-Gate 500 4.2.1"].units_in_use == 12_300
    assert SBOM.objects.count() > Release.objects.count()
    assert Component.objects.filter(gap="no_name", name="mongoose-fork").exists()
    named_by_source = Component.objects.get(name="libssl3", version="3.0.11-1~deb12u2")
    names = named_by_source.occurrences.values_list("package_version__package__system", flat=True)
    assert set(names) == {"deb", "deb-source"}
