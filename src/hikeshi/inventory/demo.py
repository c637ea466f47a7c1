"""The demo company's products: devices, parts and services with SBOMs of well-known packages.

What the SBOMs list are facts about public packages; the products are made up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from hikeshi.inventory import relations, services
from hikeshi.inventory.models import (
    ChainRole,
    ComponentClass,
    Offering,
    OfferingKind,
    ProductModel,
    Rank,
    Release,
    ReleaseState,
)
from hikeshi.inventory.relations import Behind
from hikeshi.inventory.uploads import upload_sbom

# Binary packages of Debian 12 as "binary version [source [source version]]".
_BASE: Final = """
libc6 2.36-9+deb12u10 glibc
zlib1g 1:1.2.13.dfsg-1 zlib
libssl3 {openssl} openssl
openssl {openssl} openssl
openssh-server {openssh} openssh
libnghttp2-14 {nghttp2} nghttp2
libcurl4 7.88.1-10+deb12u5 curl
libexpat1 2.5.0-1 expat
libxml2 2.9.14+dfsg-1.3~deb12u1
busybox 1:1.35.0-4+b3 busybox 1:1.35.0-4
libsystemd0 252.22-1~deb12u1 systemd
liblzma5 5.4.1-0.2 xz-utils
libsqlite3-0 3.40.1-2 sqlite3
dnsmasq-base 2.89-1 dnsmasq
libpcre2-8-0 10.42-1 pcre2
linux-image-6.1.0-armmp {linux} linux
"""
_OLD: Final = {
    "openssl": "3.0.11-1~deb12u1",
    "openssh": "1:9.2p1-2+deb12u2",
    "nghttp2": "1.52.0-1",
    "linux": "6.1.76-1",
}
_NEW: Final = {
    "openssl": "3.0.11-1~deb12u2",
    "openssh": "1:9.2p1-2+deb12u3",
    "nghttp2": "1.52.0-1+deb12u2",
    "linux": "6.1.94-1",
}
_WEB: Final = "jquery 3.4.1, bootstrap 3.4.0, moment 2.29.1, lodash 4.17.15, handlebars 4.7.6"
_NODE: Final = (
    "express 4.17.1, qs 6.7.0, ws 7.4.5, minimist 1.2.5, json5 2.2.0, axios 0.21.1, "
    "follow-redirects 1.14.7, semver 7.3.5, node-forge 1.2.1, body-parser 1.19.0, debug 2.6.9, "
    "ms 2.0.0, lodash 4.17.20, jsonwebtoken 8.5.1, @babel/runtime 7.20.1"
)
_NODE_NEW: Final = (
    "express 4.21.2, qs 6.13.0, ws 8.18.0, minimist 1.2.8, json5 2.2.3, axios 1.7.9, "
    "follow-redirects 1.15.9, semver 7.6.3, node-forge 1.3.1, body-parser 1.20.3, debug 2.6.9, "
    "ms 2.1.3, lodash 4.17.21, jsonwebtoken 9.0.2, @babel/runtime 7.26.10"
)
_CLOUD: Final = (
    "Django 3.2.12, requests 2.27.1, urllib3 1.26.8, Jinja2 3.0.3, PyYAML 5.4.1, Pillow 9.0.0, "
    "cryptography 36.0.1, certifi 2021.10.8, sqlparse 0.4.2, paramiko 2.9.2, gunicorn 20.1.0"
)
_CLOUD_NEW: Final = (
    "Django 5.2.19, requests 2.32.4, urllib3 2.5.0, Jinja2 3.1.6, PyYAML 6.0.2, Pillow 11.3.0, "
    "cryptography 45.0.7, certifi 2025.8.3, sqlparse 0.5.3, paramiko 3.5.1, gunicorn 23.0.0"
)


def load(world: Any, at: datetime) -> None:
    """Add the products of the demo company to its world.

    world: has company, people and units by name; gets ``things["offerings"]`` by name and
    ``things["releases"]`` by name and version. at: the demo's today.
    """
    world.things["offerings"] = {}
    world.things["releases"] = {}
    _gates(world, at)
    _controllers(world, at)
    _software(world, at)
    _radio(world, at)
    _relations(world, at)


def _gates(world: Any, at: datetime) -> None:
    """The flagship gateways, with a part of their own and a resold switch."""
    gate = _offer(
        world, at, "KZ-Gate", "産業用ゲートウェイ", "industrial gateway",
        code="KZG", unit="network", owner="ou", rank=Rank.FLAGSHIP,
        component_class=ComponentClass.NETWORK,
    )  # fmt: skip
    by, models = world.people["ou"], {}
    for code in ("KZ-Gate 300", "KZ-Gate 500"):
        models[code] = services.create_model(offering=gate, code=code, by=by, at=_ago(at, 80))
    old = [*_debian(_OLD), _deb("telnetd", "0.17-44", "netkit-telnet"), *_npm(_WEB)]
    new = [*_debian(_NEW), _deb("libcbor0.8", "0.8.0-2+b1", "libcbor", "0.8.0-2"), *_npm(_WEB),
           {"type": "library", "name": "mongoose-fork", "bom-ref": "mongoose-fork"}]  # fmt: skip
    for code, version, shipped, years, units, parts in (
        ("KZ-Gate 300", "3.8.4", 1460, 5, 8_400, old),
        ("KZ-Gate 300", "3.9.0", 640, 5, 21_000, new),
        ("KZ-Gate 500", "4.1.3", 900, 5, 3_150, old),
        ("KZ-Gate 500", "4.2.0", 420, 5, 5_900, old),
        ("KZ-Gate 500", "4.2.1", 75, 5, 12_300, new),
    ):
        _ship(world, at, gate, version, shipped, years, units,
              {"root file system": parts, "boot loader": [_generic("u-boot", "2022.01")]},
              model=models[code])  # fmt: skip
    switch = _offer(
        world, at, "KZ-Switch 8", "スイッチ", "switch",
        code="KZS-8", unit="network", owner="ou", kind=OfferingKind.RESOLD,
        component_class=ComponentClass.NETWORK, maker="玉川通信工業（OEM）",
    )  # fmt: skip
    _ship(world, at, switch, "2.1.0", 1100, 4, 2_600, {})
    module = _offer(
        world, at, "KZ-Link M1", "通信モジュール", "radio module",
        code="KZL-M1", unit="network", owner="ou", kind=OfferingKind.PART,
        component_class=ComponentClass.DEVICE,
    )  # fmt: skip
    _ship(world, at, module, "1.4.0", 500, 7, 44_000,
          {"MCU": [_generic("mbedtls", "2.28.1"), _generic("lwip", "2.1.2"),
                   _generic("freertos-kernel", "10.4.3")]})  # fmt: skip


def _controllers(world: Any, at: datetime) -> None:
    """What stands in plants: safety controller, panel, camera, sensor."""
    safe = _offer(
        world, at, "KZ-Safe R2", "安全コントローラ", "safety controller",
        code="KZR-2", unit="control", owner="komoro", rank=Rank.SAFETY, is_safety=True,
        component_class=ComponentClass.DEVICE,
    )  # fmt: skip
    core = [_generic("mbedtls", "2.28.1"), _generic("lwip", "2.1.2"), _generic("zlib", "1.2.11")]
    _ship(world, at, safe, "2.0.5", 2400, 10, 1_900, {"MCU": core})
    _ship(world, at, safe, "2.1.0", 700, 10, 2_750,
          {"MCU": [*core[:2], _generic("zlib", "1.3.1")]})  # fmt: skip
    panel = _offer(
        world, at, "KZ-Panel 10", "操作パネル", "operator panel",
        code="KZP-10", unit="control", owner="komoro", component_class=ComponentClass.DEVICE,
    )  # fmt: skip
    for version, shipped, packages, web in (
        ("5.0.0", 1000, _OLD, _NODE), ("5.1.0", 620, _OLD, _NODE), ("5.1.2", 380, _OLD, _NODE),
        ("5.2.0", 60, _NEW, _NODE_NEW),
    ):  # fmt: skip
        _ship(world, at, panel, version, shipped, 6, 4_200,
              {"root file system": _debian(packages), "application": _npm(web)})  # fmt: skip
    view = _offer(
        world, at, "KZ-View C20", "ネットワークカメラ", "network camera",
        code="KZV-C20", unit="network", owner="ou", rank=Rank.FLAGSHIP,
        component_class=ComponentClass.DEVICE,
    )  # fmt: skip
    _ship(world, at, view, "1.8.0", 800, 5, 15_600,
          {"root file system": _debian(_OLD), "application": _npm(_WEB)})  # fmt: skip
    _ship(world, at, view, "2.0.1", 120, 5, 6_100,
          {"root file system": _debian(_NEW), "application": _npm(_NODE_NEW)})  # fmt: skip
    _offer(
        world, at, "KZ-Sense T1", "温度センサ", "temperature sensor",
        code="KZT-1", unit="komoro", owner="komoro", component_class=ComponentClass.DEVICE,
    )  # fmt: skip


def _software(world: Any, at: datetime) -> None:
    """What runs elsewhere: the maintenance service and the engineering tool."""
    cloud = _offer(
        world, at, "KZ-Cloud", "遠隔保守サービス", "remote maintenance",
        code="KZC", unit="network", owner="hirose", kind=OfferingKind.SERVICE,
        component_class=ComponentClass.PLATFORM,
    )  # fmt: skip
    _ship(world, at, cloud, "2025.4", 330, 1, None, {"application": _pypi(_CLOUD)})
    _ship(world, at, cloud, "2026.10", 30, 1, None, {"application": _pypi(_CLOUD_NEW)})
    studio = _offer(
        world, at, "KZ-Studio", "設定ツール", "engineering tool",
        code="KZST", unit="control", owner="hirose", component_class=ComponentClass.MANAGEMENT,
    )  # fmt: skip
    for version, shipped in (("7.3.0", 1300), ("7.4.0", 830), ("7.4.1", 560)):
        _ship(world, at, studio, version, shipped, 3, 900, {"application": _npm(_NODE)})
    mixed = [*_npm(_NODE_NEW), *_pypi("requests 2.27.1, certifi 2021.10.8")]
    _ship(world, at, studio, "8.0.0", 45, 3, 260, {"application": mixed})


def _radio(world: Any, at: datetime) -> None:
    """What the group's company for radio parts makes: firmware inside the maker's module."""
    core = _offer(
        world, at, "KC-Core S1", "無線ファームウェア", "radio firmware",
        company=world.connect, code="KCS-1", unit="radio", owner="kitagawa",
        kind=OfferingKind.PART, component_class=ComponentClass.DEVICE,
    )  # fmt: skip
    inside = [_generic("wpa_supplicant", "2.10"), _generic("zlib", "1.2.11")]
    _ship(world, at, core, "3.2.0", 540, 7, 51_000, {"firmware": inside})


def _relations(world: Any, at: datetime) -> None:
    """Who stands behind the products, what is linked with what, and the parts inside."""
    offerings, contacts, units = world.things["offerings"], world.things["contacts"], world.units
    day, by = _ago(at, 68), world.people["takase"]
    for key, chain in (
        (
            "KZ-Gate",
            (
                Behind(ChainRole.DEPARTMENT, unit=units["network"], note="設計 / design"),
                Behind(ChainRole.CONTRACTOR, contact=contacts["stack"], note="TCP/IP"),
                Behind(ChainRole.SUPPLIER, contact=contacts["chips"], note="SoC, BSP"),
            ),
        ),
        ("KZ-Switch 8", (Behind(ChainRole.OEM, contact=contacts["supplier"]),)),
        (
            "KZ-Safe R2",
            (
                Behind(ChainRole.DEPARTMENT, unit=units["control"]),
                Behind(ChainRole.SUPPLIER, contact=contacts["chips"], note="MCU"),
            ),
        ),
        ("KZ-Panel 10", (Behind(ChainRole.SUPPLIER, contact=contacts["display"]),)),
    ):
        relations.set_chain(offering=offerings[key], chain=chain, by=by, at=day)
    for one, other, how in (
        ("KZ-Gate", "KZ-Safe R2", "Modbus/TCP"), ("KZ-Gate", "KZ-Cloud", "MQTT/TLS"),
        ("KZ-Panel 10", "KZ-Safe R2", "Ethernet"), ("KZ-Studio", "KZ-Panel 10", "Ethernet"),
    ):  # fmt: skip
        relations.connect(offering=offerings[one], other=offerings[other], how=how, by=by, at=day)
    releases = world.things["releases"]
    for outer in ("KZ-Gate 500 4.2.0", "KZ-Gate 500 4.2.1", "KZ-View C20 2.0.1"):
        relations.add_part(outer=releases[outer], inner=releases["KZ-Link M1 1.4.0"], by=by, at=day)
    relations.add_part(
        outer=releases["KZ-Link M1 1.4.0"], inner=releases["KC-Core S1 3.2.0"], by=by, at=day
    )


def _ago(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)


def _offer(
    world: Any, at: datetime, key: str, ja: str, en: str, *, unit: str, owner: str,
    company: Any = None, **fields: Any,
) -> Offering:  # fmt: skip
    """Add an offering that its own name opens in both languages. company: None is the maker."""
    offering = services.create_offering(
        company=company or world.company, name={"ja": f"{key} {ja}", "en": f"{key} {en}"},
        by=world.people["takase"], at=_ago(at, 80), unit=world.units[unit],
        owner=world.people[owner], **fields,
    )  # fmt: skip
    world.things["offerings"][key] = offering
    return offering


def _ship(
    world: Any, at: datetime, offering: Offering, version: str, shipped_days_ago: int,
    support_years: int, units: int | None, slots: dict[str, list[dict[str, Any]]],
    model: ProductModel | None = None,
) -> Release:  # fmt: skip
    """Add a release shipped so long ago, and one SBOM for each of its parts."""
    shipped_on = _ago(at, shipped_days_ago).date()
    support_ends_on = shipped_on + timedelta(days=365 * support_years)
    state = ReleaseState.ENDED if support_ends_on < at.date() else ReleaseState.SHIPPING
    if state == ReleaseState.SHIPPING and shipped_days_ago > 365:
        state = ReleaseState.MAINTAINED
    by = offering.owner or world.people["takase"]
    name = (model.code if model else offering.code).lower().replace(" ", "-")
    release = services.create_release(
        offering=offering, version=version, by=by, at=_ago(at, 79), product_model=model,
        state=state, shipped_on=shipped_on, support_ends_on=support_ends_on, units_in_use=units,
        purl=f"pkg:generic/kazahaya/{name}@{version}",
    )  # fmt: skip
    for day, (slot, parts) in enumerate(slots.items()):
        upload_sbom(
            release=release, content=_cyclonedx(f"{name} {slot}", version, parts, at), by=by,
            at=_ago(at, 70 - day), slot=slot, file_name=f"{name}-{version}.cdx.json",
        )  # fmt: skip
    known = {row.pk: key for key, row in world.things["offerings"].items()}
    world.things["releases"][f"{model.code if model else known[offering.pk]} {version}"] = release
    return release


def _cyclonedx(subject: str, version: str, parts: list[dict[str, Any]], at: datetime) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": _ago(at, 75).isoformat(timespec="seconds"),
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
            "component": {"type": "firmware", "name": subject, "version": version},
        },
        "components": parts,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _debian(versions: dict[str, str]) -> list[dict[str, Any]]:
    lines = _BASE.strip().format(**versions).splitlines()
    os_part = {"type": "operating-system", "name": "debian", "version": "12", "bom-ref": "os"}
    return [os_part, *(_deb(*line.split()) for line in lines)]


def _deb(name: str, version: str, source: str = "", source_version: str = "") -> dict[str, Any]:
    upstream = f"{source}%40{source_version}" if source_version else source or name
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch=armhf&distro=debian-12"
    return {
        "type": "library", "bom-ref": f"deb-{name}", "name": name, "version": version,
        "supplier": {"name": "Debian"}, "purl": f"{purl}&upstream={upstream}",
    }  # fmt: skip


def _npm(listed: str) -> list[dict[str, Any]]:
    return [_library("npm", *entry.split()) for entry in listed.split(", ")]


def _pypi(listed: str) -> list[dict[str, Any]]:
    return [_library("pypi", *entry.split()) for entry in listed.split(", ")]


def _generic(name: str, version: str) -> dict[str, Any]:
    return _library("generic", name, version)


def _library(kind: str, name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
