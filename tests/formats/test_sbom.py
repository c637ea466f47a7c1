"""Every real SBOM in JSON is read, with what it lists, or refused with a reason that helps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hikeshi.core.component import names_of
from hikeshi.core.errors import InputRefused
from hikeshi.formats.sbom import read

pytestmark = pytest.mark.pure
# file: (format, components, gap → how many; "" has none)
READ: dict[str, tuple[str, int, dict[str, int]]] = {
    "bomber.cdx16.json": ("CycloneDX 1.6", 82, {"": 75, "unknown_scheme": 7}),
    "bomber.spdx.json": ("SPDX 2.2", 48, {"": 48}),
    "dtrack-apiserver-4.5.0.cdx.json": ("CycloneDX 1.4", 132, {"unknown_scheme": 132}),
    "flux_0.26.3_sbom.spdx.json": ("SPDX 2.2", 244, {"": 244}),
    "ghidra-sbom-cdx.json": ("CycloneDX 1.4", 109, {"no_name": 47, "unknown_scheme": 62}),
    "goof.cdx.json": ("CycloneDX 1.2", 879, {"": 879}),
    "gradle-app.cdx.json": ("CycloneDX 1.4", 16, {"unknown_scheme": 16}),
    "harp-darwin-amd64.sbom.json": ("CycloneDX 1.4", 814, {"": 814}),
    "jena-kafka.cdx.json": ("CycloneDX 1.5", 79, {"unknown_scheme": 79}),
    "juice-shop.cdx.json": ("CycloneDX 1.2", 840, {"": 840}),
    "kawipiko-sbom-cdx.json": ("CycloneDX 1.4", 27, {"": 27}),
    "keycloak-10.0.2.cdx.json": ("CycloneDX 1.2", 903, {"unknown_scheme": 903}),
    "powershell.spdx.json": ("SPDX 2.2", 330, {"": 330}),
    "railsgoat.cdx.json": ("CycloneDX 1.4", 140, {"unknown_scheme": 140}),
    "sbom-java.cdx.json": ("CycloneDX 1.5", 88, {"unknown_scheme": 88}),
    "wireguard-ui-cdxgen-container-….cdx.json": (
        "CycloneDX 1.4",
        78,
        {"": 33, "unknown_scheme": 45},
    ),
    "wireguard-ui-cdxgen-container-…spdx.json": ("SPDX 2.2", 78, {"no_name": 78}),
    "wireguard-ui-syft-source-20230….cdx.json": ("CycloneDX 1.4", 446, {"": 446}),
    "wireguard-ui-syft-source-20230…spdx.json": ("SPDX 2.3", 446, {"": 446}),
    "celery-3.1-trivy.cdx.json": ("CycloneDX 1.4", 123, {"": 122, "no_name": 1}),
    "dependencytrack-apiserver.cdx.json": (
        "CycloneDX 1.4",
        280,
        {"": 98, "no_name": 1, "no_version": 1, "unknown_scheme": 179, "unreadable_version": 1},
    ),
    "dependencytrack-apiserver.spdx.json": (
        "SPDX 2.3",
        279,
        {"": 98, "no_version": 1, "unknown_scheme": 179, "unreadable_version": 1},
    ),
    "fluentd-trivy.cdx.json": ("CycloneDX 1.7", 161, {"": 105, "no_name": 1, "unknown_scheme": 55}),
    "spdx-bom-bitnami_jenkins-e3a4e…spdx.json": ("SPDX 2.3", 135, {"no_name": 2, "no_source": 133}),
    "spdx-bom-bitnami_node-exporter…spdx.json": ("SPDX 2.3", 100, {"no_name": 2, "no_source": 98}),
    "spdx-bom-bitnami_owncloud-329a…spdx.json": ("SPDX 2.3", 167, {"no_name": 2, "no_source": 165}),
    "spdx-bom-docker_desktop-kubern…spdx.json": (
        "SPDX 2.3",
        37,
        {"no_name": 29, "unknown_scheme": 8},
    ),
    "spdx-bom-mirantis_ucp-istio-pi…spdx.json": ("SPDX 2.3", 174, {"no_name": 8, "no_source": 166}),
    "spdx-syft-bitnami_elasticsearc…spdx.json": ("SPDX 2.3", 128, {"": 128}),
    "spdx-syft-rancher_mirrored-kia…spdx.json": (
        "SPDX 2.3",
        94,
        {"": 74, "unknown_scheme": 19, "unreadable_version": 1},
    ),
    "spdx-tern-grafana_promtail-aa7…spdx.json": ("SPDX 2.2", 176, {"no_name": 176}),
    "spdx-trivy-circleci_frontend-d…spdx.json": (
        "SPDX 2.2",
        291,
        {"": 235, "no_name": 3, "unknown_scheme": 52, "unreadable_name": 1},
    ),
    "spdx-trivy-rancher_tiller-417a…spdx.json": (
        "SPDX 2.2",
        15,
        {"no_name": 1, "unknown_scheme": 14},
    ),
    "ubuntu-latest.cdx.json": ("CycloneDX 1.4", 102, {"": 101, "no_name": 1}),
    "ubuntu-latest.spdx.json": ("SPDX 2.2", 101, {"": 101}),
    "hbom-pcie-sata-adapter.cdx.json": ("CycloneDX 1.4", 6, {"no_name": 6}),
    "photon-os.spdx.json": ("SPDX 2.2", 37, {"no_name": 37}),
    "uefi-ovmf-edk2.cdx.json": ("CycloneDX 1.6", 311, {"no_name": 310, "unknown_scheme": 1}),
    "uefi-ovmf-edk2.spdx.json": ("SPDX 2.3", 310, {"no_name": 310}),
    "yocto-example-rootfs.cdx.json": (
        "CycloneDX 1.4",
        97,
        {"name_only": 95, "unreadable_version": 2},
    ),
    "yocto-recipe-cairo.spdx.json": ("SPDX 2.2", 1, {"unknown_scheme": 1}),
    "yocto-recipe-libssh.spdx.json": ("SPDX 2.2", 1, {"unknown_scheme": 1}),
}
REFUSED: dict[str, str] = {
    "bomber.syft.json": "Have Syft write CycloneDX or SPDX",
    "buildroot-cpe_data_pp.json": "neither CycloneDX",
    "buildroot-cpe_data_show_pkg_stats.json": "neither CycloneDX",
    "yocto-core-image-minimal-qemux…pdx3.json": "is SPDX 3",
}


def short(path: Path) -> str:
    """Name a file; long ones by their ends."""
    return path.name if len(path.name) < 45 else f"{path.name[:30]}…{path.name[-9:]}"


def test_each_real_file_is_read_or_refused_as_the_table_says(shared: Path) -> None:
    found: dict[str, tuple[str, int, dict[str, int]]] = {}
    refused: dict[str, str] = {}
    for path in sorted((shared / "sboms").rglob("*.json")):
        try:
            bom = read(path.read_bytes())
        except InputRefused as error:
            refused[short(path)] = str(error)
            continue
        assert len(bom.deviations) == 0, (path.name, [str(said) for said in bom.deviations])
        gaps = Counter(str(names_of(part).gap) for part in bom.components)
        what = f"{bom.format} {bom.spec_version}"
        found[short(path)] = (what, len(bom.components), dict(sorted(gaps.items())))
    assert refused.keys() == REFUSED.keys()
    for name, reason in REFUSED.items():
        assert reason in refused[name]
    assert found == READ
