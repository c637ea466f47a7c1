"""Which versions a vulnerability reaches, as its maintainers said: the truth that matching meets.

Each label was written from the advisory of the project that mended it, not from a feed's ranges.
Where a feed knows less than the maintainers, the label stays and costs that feed's score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Label:
    """One vulnerability and package: versions reached, and versions that are not.

    purl: with ``{}`` where the version stands. distro_release: as an SBOM states it as a whole.
    """

    vulnerability: str
    purl: str
    reached: tuple[str, ...]
    spared: tuple[str, ...]
    distro_release: str = ""


def _label(vulnerability: str, purl: str, reached: str, spared: str, distro: str = "") -> Label:
    return Label(vulnerability, purl, tuple(reached.split()), tuple(spared.split()), distro)


_DEB = "pkg:deb/debian/{}@{{}}?arch=amd64&upstream={}&distro=debian-{}"

LABELS: Final[dict[str, list[Label]]] = {
    "npm": [
        _label("CVE-2019-11358", "pkg:npm/jquery@{}", "1.12.4 2.2.4 3.3.1", "3.4.0 3.5.1 3.7.1"),
        _label("CVE-2012-6708", "pkg:npm/jquery@{}", "1.7.2 1.8.3", "1.9.0 1.9.1 3.0.0"),
        _label(
            "CVE-2024-37890", "pkg:npm/ws@{}",
            "2.1.0 5.2.3 6.2.2 7.5.9 8.17.0", "2.0.3 5.2.4 6.2.3 7.5.10 8.17.1 8.18.0",
        ),
        _label(
            "CVE-2021-32640", "pkg:npm/ws@{}",
            "5.0.0 5.2.2 6.2.1 7.0.0 7.4.5", "4.1.0 5.2.3 6.2.2 7.4.6 8.0.0",
        ),
        _label(
            "CVE-2021-37701", "pkg:npm/tar@{}",
            "4.4.15 5.0.7 6.0.0 6.1.6", "4.4.16 4.4.19 5.0.8 6.1.7 6.2.1",
        ),
        _label("CVE-2024-28863", "pkg:npm/tar@{}", "4.4.19 6.1.15 6.2.0", "6.2.1 7.0.1 7.4.3"),
        _label("CVE-2021-32804", "pkg:npm/tar@{}", "3.2.1 4.4.13 6.1.0", "3.2.2 4.4.14 5.0.6"),
        _label(
            "CVE-2017-1000048", "pkg:npm/qs@{}",
            "1.2.2 6.0.3 6.1.1 6.2.2", "6.0.4 6.1.2 6.2.3 6.3.2 6.5.3 6.13.0",
        ),
        _label(
            "CVE-2023-32695", "pkg:npm/socket.io-parser@{}",
            "3.3.3 3.4.2 4.0.4 4.2.2", "3.3.4 3.4.3 4.2.3 4.2.4",
        ),
        _label("CVE-2022-24771", "pkg:npm/node-forge@{}", "0.10.0 1.2.1", "1.3.0 1.3.1"),
        _label("CVE-2022-0122", "pkg:npm/node-forge@{}", "0.10.0 0.7.6", "1.0.0 1.3.1"),
        _label("CVE-2021-23369", "pkg:npm/handlebars@{}", "3.0.8 4.1.0 4.7.6", "4.7.7 4.7.8"),
        _label("CVE-2019-20920", "pkg:npm/handlebars@{}", "3.0.7 4.0.0 4.5.2", "3.0.8 4.5.3 4.7.7"),
        _label(
            "CVE-2024-30253", "pkg:npm/%40solana/web3.js@{}",
            "1.78.7 1.90.1 1.91.2", "1.78.8 1.90.2 1.91.3 1.92.0",
        ),
        # The name alone is not the package: these are other people's.
        _label("CVE-2019-11358", "pkg:npm/%40types/jquery@{}", "", "3.3.1 1.10.35"),
        _label("CVE-2024-37890", "pkg:npm/%40fastify/ws@{}", "", "7.5.9 8.17.0"),
        _label("CVE-2022-24771", "pkg:pypi/node-forge@{}", "", "1.2.1"),
    ],
    "PyPI": [
        _label(
            "CVE-2024-37891", "pkg:pypi/urllib3@{}",
            "1.24.3 1.26.18 2.0.0 2.2.1", "1.26.19 1.26.20 2.2.2 2.3.0",
        ),
        _label(
            "CVE-2023-43804", "pkg:pypi/urllib3@{}",
            "1.25.11 1.26.16 2.0.5", "1.26.17 1.26.18 2.0.6 2.1.0",
        ),
        _label(
            "CVE-2021-33503", "pkg:pypi/urllib3@{}",
            "1.25.4 1.26.0 1.26.4", "1.25.3 1.26.5 2.0.0",
        ),
        _label("CVE-2020-26137", "pkg:pypi/urllib3@{}", "1.24.3 1.25.8", "1.25.9 1.26.0"),
        _label("CVE-2021-28363", "pkg:pypi/urllib3@{}", "1.26.0 1.26.3", "1.25.11 1.26.4"),
        # Names are compared as the index normalises them.
        _label("CVE-2023-4863", "pkg:pypi/Pillow@{}", "9.5.0 10.0.0", "10.0.1 10.1.0"),
        _label("CVE-2024-28219", "pkg:pypi/pillow@{}", "9.0.1 10.2.0", "10.3.0 11.0.0"),
        _label("CVE-2023-50447", "pkg:pypi/PILLOW@{}", "10.0.1 10.1.0", "10.2.0"),
        _label("CVE-2021-23437", "pkg:pypi/pillow@{}", "5.2.0 8.3.1", "5.1.0 8.3.2 8.4.0"),
        _label("CVE-2022-30595", "pkg:pypi/pillow@{}", "9.1.0", "9.0.1 9.1.1"),
        _label("CVE-2024-26130", "pkg:pypi/cryptography@{}", "38.0.0 42.0.3", "37.0.4 42.0.4"),
        _label("CVE-2023-0286", "pkg:pypi/cryptography@{}", "38.0.4 39.0.0", "39.0.1 40.0.0"),
        _label("CVE-2020-36242", "pkg:pypi/cryptography@{}", "3.1 3.2.1 3.3.1", "3.0 3.3.2 3.4"),
        _label("CVE-2023-48795", "pkg:pypi/paramiko@{}", "2.5.0 2.12.0 3.3.1", "3.4.0 3.5.0"),
        _label(
            "CVE-2018-1000805", "pkg:pypi/paramiko@{}",
            "1.17.6 2.0.8 2.1.5 2.2.3 2.3.2 2.4.1", "2.0.9 2.1.6 2.2.4 2.3.3 2.4.2 2.5.0",
        ),
        _label("CVE-2023-46136", "pkg:pypi/Werkzeug@{}", "2.2.3 2.3.7 3.0.0", "2.3.8 3.0.1 3.0.3"),
        _label("CVE-2023-25577", "pkg:pypi/werkzeug@{}", "1.0.1 2.2.2", "2.2.3 3.0.0"),
        _label("CVE-2018-21030", "pkg:pypi/notebook@{}", "5.4.1", "5.5.0rc1 5.5.0 5.6.0"),
        _label("CVE-2021-32797", "pkg:pypi/notebook@{}", "5.7.10 6.0.0 6.4.0", "5.7.11 6.4.1"),
        # The maintainers leave 3.1.3 out; the feed's second range runs over it.
        _label("CVE-2022-33891", "pkg:pypi/pyspark@{}", "3.0.3 3.1.2 3.2.1", "3.1.3 3.2.2 3.3.0"),
        _label("CVE-2023-4863", "pkg:npm/pillow@{}", "", "10.0.0"),
    ],
    "Debian": [
        _label(
            "DSA-5330-1", _DEB.format("libcurl4", "curl", 11),
            "7.74.0-1.3 7.74.0-1.3+deb11u3", "7.74.0-1.3+deb11u5 7.74.0-1.3+deb11u7",
        ),
        _label(
            "DSA-5460-1", _DEB.format("curl", "curl", 12),
            "7.88.1-10", "7.88.1-10+deb12u1 7.88.1-10+deb12u12",
        ),
        _label(
            "DLA-3763-1", _DEB.format("libcurl3-gnutls", "curl", 10),
            "7.64.0-4 7.64.0-4+deb10u8", "7.64.0-4+deb10u9",
        ),
        _label(
            "CVE-2024-45490", _DEB.format("libexpat1", "expat", 11),
            "2.2.10-2 2.2.10-2+deb11u5", "2.2.10-2+deb11u6",
        ),
        _label(
            "CVE-2024-45490", _DEB.format("libexpat1", "expat", 12),
            "2.5.0-1", "2.5.0-1+deb12u1 2.5.0-1+deb12u2",
        ),
        _label("CVE-2024-45490", _DEB.format("libexpat1-dev", "expat", 13), "2.6.2-1", "2.6.2-2"),
        _label(
            "CVE-2024-33601", _DEB.format("libc6", "glibc", 12),
            "2.36-9 2.36-9+deb12u6", "2.36-9+deb12u7 2.36-9+deb12u10",
        ),
        _label(
            "CVE-2024-33601", "pkg:deb/debian/libc-bin@{}?upstream=glibc",
            "2.31-13+deb11u9", "2.31-13+deb11u10", "debian:11",
        ),
        _label(
            "CVE-2016-5195", _DEB.format("linux-image-amd64", "linux", 11), "",
            "5.10.223-1 6.1.90-1~bpo11+1",
        ),
        # The binary carries the source's name of another package, or no distribution fits.
        _label("CVE-2024-45490", _DEB.format("expatriate", "expatriate", 12), "", "2.5.0-1"),
        _label(
            "CVE-2024-45490", "pkg:deb/ubuntu/libexpat1@{}?upstream=expat&distro=ubuntu-22.04", "",
            "2.4.7-1ubuntu0.4",
        ),
    ],
    "Go": [
        _label("CVE-2023-39325", "pkg:golang/golang.org/x/net@{}", "v0.16.0 v0.7.0", "v0.17.0"),
        _label("CVE-2022-41723", "pkg:golang/golang.org/x/net@{}", "v0.6.0", "v0.7.0 v0.17.0"),
        _label("CVE-2024-45338", "pkg:golang/golang.org/x/net@{}", "v0.32.0", "v0.33.0 v0.36.0"),
        _label(
            "CVE-2021-33194", "pkg:golang/golang.org/x/net@{}",
            "v0.0.0-20210119194325-5f4716e94777", "v0.0.0-20210520170846-37e1c6afe023 v0.1.0",
        ),
        _label("CVE-2022-32149", "pkg:golang/golang.org/x/text@{}", "v0.3.7", "v0.3.8 v0.14.0"),
        _label("CVE-2021-38561", "pkg:golang/golang.org/x/text@{}", "v0.3.6", "v0.3.7 v0.4.0"),
        _label("CVE-2024-45337", "pkg:golang/golang.org/x/crypto@{}", "v0.30.0", "v0.31.0"),
        _label("CVE-2023-48795", "pkg:golang/golang.org/x/crypto@{}", "v0.16.0", "v0.17.0"),
        _label("CVE-2021-3121", "pkg:golang/github.com/gogo/protobuf@{}", "v1.3.1", "v1.3.2"),
        _label("CVE-2023-39325", "pkg:golang/example.org/x/net@{}", "", "v0.16.0"),
    ],
    "crates.io": [
        _label("CVE-2020-26235", "pkg:cargo/time@{}", "0.1.42 0.2.7 0.2.22", "0.2.23 0.3.0"),
        _label(
            "CVE-2023-22466", "pkg:cargo/tokio@{}",
            "1.7.0 1.18.3 1.20.2 1.23.0", "1.6.3 1.18.4 1.20.3 1.23.1 1.35.0",
        ),
        _label(
            "CVE-2021-45710", "pkg:cargo/tokio@{}",
            "0.1.14 1.8.3 1.9.0 1.13.0", "0.1.13 1.8.4 1.13.1 1.14.0",
        ),
        _label("CVE-2022-24713", "pkg:cargo/regex@{}", "1.0.0 1.5.4", "1.5.5 1.10.0"),
        _label("CVE-2021-32715", "pkg:cargo/hyper@{}", "0.13.10 0.14.9", "0.14.10 1.0.0"),
        _label("CVE-2024-32650", "pkg:cargo/rustls@{}", "0.20.9 0.21.10 0.22.3 0.23.4", "0.21.11"),
        _label(
            "CVE-2022-2274", "pkg:cargo/openssl-src@{}",
            "300.0.8+3.0.4", "111.22.0+1.1.1q 300.0.7+3.0.3 300.0.9+3.0.5",
        ),
        _label(
            "CVE-2022-0778", "pkg:cargo/openssl-src@{}",
            "111.17.0+1.1.1m 300.0.4+3.0.1", "111.18.0+1.1.1n 300.0.5+3.0.2",
        ),
    ],
}  # fmt: skip
