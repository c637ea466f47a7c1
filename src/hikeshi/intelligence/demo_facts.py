"""Facts about well-known vulnerabilities of public packages, for the demo.

Ids, ranges, vectors and scores are as published; the sentences are ours. EPSS as of August 2026.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Known(NamedTuple):
    """What is known of one vulnerability in one package.

    ranges: ``introduced..fixed`` with spaces between, either side empty for no bound.
    epss, percentile: 0 to 1 as text, "" where FIRST scores none.
    """

    record: str
    cve: str
    ecosystem: str
    package: str
    ranges: str
    published: str
    vector: str
    weakness: str
    epss: str
    percentile: str
    summary: str


# CVE, maker, product, title, added, to be mended by (CISA's own dates).
EXPLOITED: Final = (
    ("CVE-2023-44487", "IETF", "HTTP/2", "HTTP/2 Rapid Reset", "2023-10-10", "2023-10-31"),
    ("CVE-2020-11023", "jQuery", "jQuery", "jQuery cross-site scripting",
     "2025-01-23", "2025-02-13"),
    ("CVE-2023-4863", "Google", "WebP", "Heap overflow in WebP", "2023-09-13", "2023-10-04"),
    ("CVE-2024-53104", "Linux", "Kernel", "Write out of bounds in the USB video driver",
     "2025-02-05", "2025-02-26"),
    ("CVE-2024-36971", "Linux", "Kernel", "Use after free in the routing cache",
     "2024-08-07", "2024-08-28"),
    ("CVE-2024-1086", "Linux", "Kernel", "Use after free in nf_tables",
     "2024-05-30", "2024-06-20"),
)  # fmt: skip

_NETWORK_DOS: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
_NETWORK_ALL: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
_NETWORK_WRITE: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"
_LOCAL_ALL: Final = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
_SCRIPT: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
_SCRIPT_HARD: Final = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:L/A:N"
_DOS_4: Final = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"
_ALL_4: Final = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def _debian(
    cve: str, package: str, ranges: str, published: str, vector: str, weakness: str,
    epss: str, percentile: str, summary: str,
) -> Known:  # fmt: skip
    return Known(f"DEBIAN-{cve}", cve, "Debian:12", package, ranges, published, vector, weakness,
                 epss, percentile, summary)  # fmt: skip


def _generic(
    cve: str, package: str, ranges: str, published: str, vector: str, weakness: str,
    epss: str, percentile: str, summary: str,
) -> Known:  # fmt: skip
    """Write a record for what stands in no registry; it is named as ``pkg:generic/…``."""
    return Known(cve, cve, "generic", package, ranges, published, vector, weakness,
                 epss, percentile, summary)  # fmt: skip


FACTS: Final[tuple[Known, ...]] = (
    _debian("CVE-2023-44487", "nghttp2", "..1.52.0-1+deb12u1", "2023-10-10", _NETWORK_DOS,
            "CWE-400", "0.99999", "0.99997",
            "nghttp2: requests opened and cancelled at once exhaust the server (Rapid Reset)"),
    _debian("CVE-2024-28182", "nghttp2", "..1.52.0-1+deb12u2", "2024-04-04",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", "CWE-770", "0.8496", "0.99694",
            "nghttp2: endless CONTINUATION frames use up the processor"),
    _debian("CVE-2024-6387", "openssh", "..1:9.2p1-2+deb12u3", "2024-07-01",
            "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", "CWE-364", "0.99506", "0.99942",
            "OpenSSH: a race in the signal handler of sshd (regreSSHion)"),
    _debian("CVE-2025-26465", "openssh", "..1:9.2p1-2+deb12u5", "2025-02-18",
            "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:N", "CWE-390", "0.07449", "0.93922",
            "OpenSSH: the client can be led to a false host with VerifyHostKeyDNS"),
    _debian("CVE-2023-5363", "openssl", "..3.0.11-1~deb12u2", "2023-10-25",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "CWE-684", "0.03332", "0.87579",
            "OpenSSL: lengths of key and IV are taken over wrongly"),
    _debian("CVE-2023-5678", "openssl", "..3.0.13-1~deb12u1", "2023-11-06",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", "CWE-754", "0.04459", "0.90609",
            "OpenSSL: very long DH keys take very long to check"),
    _debian("CVE-2024-6119", "openssl", "..3.0.14-1~deb12u2", "2024-09-03", _NETWORK_DOS,
            "CWE-843", "0.66582", "0.99224",
            "OpenSSL: comparing a name in a certificate can end the program"),
    _debian("CVE-2024-5535", "openssl", "..3.0.15-1~deb12u1", "2024-06-27",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H", "CWE-200", "0.05582", "0.92204",
            "OpenSSL: SSL_select_next_proto reads beyond its buffer"),
    _debian("CVE-2024-2398", "curl", "..7.88.1-10+deb12u6", "2024-03-27",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:H", "CWE-772", "0.36081", "0.98341",
            "curl: headers of HTTP/2 pushes are not freed"),
    _debian("CVE-2024-7264", "curl", "..7.88.1-10+deb12u7", "2024-07-31",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", "CWE-125", "0.17301", "0.96839",
            "curl: reading a time in a certificate goes beyond its end"),
    _debian("CVE-2024-45490", "expat", "..2.5.0-1+deb12u1", "2024-08-30", _NETWORK_DOS,
            "CWE-611", "0.01686", "0.75039", "Expat: a negative length is not refused"),
    _debian("CVE-2024-45491", "expat", "..2.5.0-1+deb12u1", "2024-08-30", _NETWORK_ALL,
            "CWE-190", "0.0113", "0.63653", "Expat: overflow in dtdCopy on 32-bit systems"),
    _debian("CVE-2023-50387", "dnsmasq", "..2.90-4~deb12u1", "2024-02-14", _NETWORK_DOS,
            "CWE-770", "0.99995", "0.99988", "DNSSEC: many keys exhaust the resolver (KeyTrap)"),
    _debian("CVE-2023-45853", "zlib", "..", "2023-10-14", _NETWORK_ALL,
            "CWE-190", "0.03179", "0.8695",
            "zlib: overflow in MiniZip for long names; MiniZip is a part that few build"),
    _debian("CVE-2022-48174", "busybox", "..", "2023-08-22", _NETWORK_ALL,
            "CWE-787", "0.0313", "0.86749", "BusyBox: stack overflow in the arithmetic of ash"),
    _debian("CVE-2023-7104", "sqlite3", "..3.40.1-2+deb12u1", "2023-12-29",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L", "CWE-119", "0.01249", "0.66823",
            "SQLite: the session extension reads beyond its buffer"),
    _debian("CVE-2024-25062", "libxml2", "..2.9.14+dfsg-1.3~deb12u2", "2024-02-04", _NETWORK_DOS,
            "CWE-416", "0.01364", "0.69442", "libxml2: use after free in the reader of XML"),
    _debian("CVE-2024-36971", "linux", "..6.1.94-1", "2024-06-10", _LOCAL_ALL,
            "CWE-416", "0.02701", "0.84655", "Linux: use after free in the routing cache"),
    _debian("CVE-2024-53104", "linux", "..6.1.119-1", "2024-12-02", _LOCAL_ALL,
            "CWE-787", "0.03301", "0.87465",
            "Linux: write out of bounds while reading the formats of a USB camera"),
    _debian("CVE-2024-1086", "linux", "..6.1.76-1", "2024-01-31", _LOCAL_ALL,
            "CWE-416", "0.28058", "0.9794", "Linux: use after free in nf_tables"),
    Known("DEBIAN-CVE-2024-3094", "CVE-2024-3094", "Debian:13", "xz-utils",
          "5.6.0-0.2..5.6.1+really5.4.5-1", "2024-03-29",
          "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "CWE-506", "0.85974", "0.99712",
          "xz-utils: hidden code in releases 5.6.0 and 5.6.1"),
    _generic("CVE-2018-25032", "zlib", "..1.2.12", "2022-03-25",
             "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "CWE-787", "0.51733", "0.98851",
             "zlib: deflating odd data can write out of bounds"),
    _generic("CVE-2022-37434", "zlib", "..1.2.13", "2022-08-05", _NETWORK_ALL, "CWE-787",
             "0.17852", "0.96912", "zlib: a long extra field in a gzip header overflows a buffer"),
    _generic("CVE-2022-46393", "mbedtls", "..2.28.2 3.0.0..3.3.0", "2022-12-15", _NETWORK_ALL,
             "CWE-787", "0.01147", "0.64062",
             "Mbed TLS: DTLS with connection ids reads and writes out of bounds"),
    _generic("CVE-2024-23170", "mbedtls", "..2.28.7 3.0.0..3.5.2", "2024-01-31",
             "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", "CWE-203", "0.00314", "0.2418",
             "Mbed TLS: the time of RSA operations tells of the key"),
    _generic("CVE-2020-22283", "lwip", "2.1.2..2.1.3", "2021-07-22",
             "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "CWE-120", "0.01377", "0.6973",
             "lwIP: a crafted ICMPv6 packet reads beyond its buffer"),
    _generic("CVE-2021-43997", "freertos-kernel", "10.2.0..10.4.6", "2021-11-17", _LOCAL_ALL,
             "CWE-269", "0.00315", "0.243",
             "FreeRTOS: code outside the kernel can raise its privilege on ARMv7-M and ARMv8-M"),
    _generic("CVE-2023-52160", "wpa_supplicant", "..2.11", "2024-02-22",
             "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:N", "CWE-287", "0.004", "0.60",
             "wpa_supplicant: PEAP skips the second phase of authentication"),
    _generic("CVE-2022-34835", "u-boot", "..2022.07", "2022-06-30", _NETWORK_ALL, "CWE-787",
             "0.02037", "0.79442", "U-Boot: the command i2c md overflows the stack"),
    Known("GHSA-jpcq-cgw6-v4j6", "CVE-2020-11023", "npm", "jquery", "1.0.3..3.5.0", "2020-04-29",
          _SCRIPT_HARD, "CWE-79", "0.8383", "0.99667",
          "jQuery: option elements from elsewhere can run script"),
    Known("GHSA-gxr4-xjj5-5px2", "CVE-2020-11022", "npm", "jquery", "1.2.0..3.5.0", "2020-04-29",
          _SCRIPT_HARD, "CWE-79", "0.99019", "0.99927",
          "jQuery: HTML from elsewhere can run script"),
    Known("GHSA-35jh-r3h4-6jhm", "CVE-2021-23337", "npm", "lodash", "..4.17.21", "2021-05-06",
          "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", "CWE-94", "0.21333", "0.97387",
          "lodash: template takes commands"),
    Known("GHSA-p6mc-m468-83gw", "CVE-2020-8203", "npm", "lodash", "3.7.0..4.17.19", "2020-07-15",
          "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H", "CWE-1321", "0.05213", "0.91787",
          "lodash: zipObjectDeep pollutes prototypes"),
    Known("GHSA-9v3m-8fp8-mj99", "CVE-2019-8331", "npm", "bootstrap", "3.0.0..3.4.1 4.0.0..4.3.1",
          "2019-02-22", _SCRIPT, "CWE-79", "0.16404", "0.96701",
          "Bootstrap: tooltips can run script"),
    Known("GHSA-wc69-rhjr-hc9g", "CVE-2022-31129", "npm", "moment", "2.18.0..2.29.4", "2022-07-06",
          _NETWORK_DOS, "CWE-1333", "0.04923", "0.91376",
          "moment: long texts take very long to read as dates"),
    Known("GHSA-8hfj-j24r-96c4", "CVE-2022-24785", "npm", "moment", "..2.29.2", "2022-04-04",
          _NETWORK_WRITE, "CWE-22", "0.0552", "0.92119",
          "moment: the name of a locale can leave its folder"),
    Known("GHSA-f2jv-r9rf-7988", "CVE-2021-23369", "npm", "handlebars", "..4.7.7", "2021-05-06",
          _NETWORK_ALL, "CWE-94", "0.07028", "0.93618",
          "Handlebars: a template from elsewhere can run code"),
    Known("GHSA-xvch-5gv4-984h", "CVE-2021-44906", "npm", "minimist", "..0.2.4 1.0.0..1.2.6",
          "2022-03-18", _NETWORK_ALL, "CWE-1321", "0.04581", "0.90829",
          "minimist: arguments pollute prototypes"),
    Known("GHSA-hrpp-h998-j3pp", "CVE-2022-24999", "npm", "qs", "6.7.0..6.7.3 6.10.0..6.10.3",
          "2022-11-27", _NETWORK_DOS, "CWE-1321", "0.14663", "0.96361",
          "qs: a query pollutes prototypes and stops the program"),
    Known("GHSA-c2qf-rxjj-qqgw", "CVE-2022-25883", "npm", "semver",
          "..5.7.2 6.0.0..6.3.1 7.0.0..7.5.2", "2023-06-21", _NETWORK_DOS, "CWE-1333",
          "0.02761", "0.85012", "semver: ranges from elsewhere take very long to read"),
    Known("GHSA-cph5-m8f7-6c5x", "CVE-2021-3749", "npm", "axios", "..0.21.2", "2021-09-01",
          _NETWORK_DOS, "CWE-1333", "0.08515", "0.94566",
          "axios: trimming a text takes very long"),
    Known("GHSA-9c47-m6qq-7p4h", "CVE-2022-46175", "npm", "json5", "..1.0.2 2.0.0..2.2.2",
          "2022-12-29", "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:L/A:H", "CWE-1321",
          "0.09304", "0.94934", "JSON5: parse pollutes prototypes"),
    Known("GHSA-3h5v-q93c-6h6q", "CVE-2024-37890", "npm", "ws",
          "2.1.0..5.2.4 6.0.0..6.2.3 7.0.0..7.5.10 8.0.0..8.17.1", "2024-06-17", _DOS_4,
          "CWE-476", "0.01357", "0.69297", "ws: a request with many headers stops the server"),
    Known("GHSA-x4jg-mjrx-434g", "CVE-2022-24772", "npm", "node-forge", "..1.3.0", "2022-03-18",
          _NETWORK_WRITE, "CWE-347", "0.01031", "0.60819",
          "node-forge: forged RSA signatures are taken for good"),
    Known("GHSA-8cf7-32gw-wr33", "CVE-2022-23539", "npm", "jsonwebtoken", "..9.0.0", "2022-12-22",
          "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N", "CWE-327", "0.00479", "0.39252",
          "jsonwebtoken: old kinds of keys are taken"),
    Known("GHSA-rv95-896h-c2vc", "CVE-2024-29041", "npm", "express", "..4.19.2", "2024-03-25",
          _SCRIPT, "CWE-601", "0.00786", "0.53075",
          "Express: odd addresses lead to elsewhere"),
    Known("GHSA-qwcr-r2fm-qrc7", "CVE-2024-45590", "npm", "body-parser", "..1.20.3", "2024-09-10",
          _DOS_4, "CWE-405", "0.00824", "0.54319",
          "body-parser: url-encoded bodies use up the processor"),
    Known("GHSA-j7hp-h8jx-5ppr", "CVE-2023-4863", "PyPI", "pillow", "..10.0.1", "2023-09-12",
          "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "CWE-787", "0.99735", "0.99953",
          "Pillow: the libwebp inside writes out of bounds"),
    Known("GHSA-3f63-hfp8-52jq", "CVE-2023-50447", "PyPI", "pillow", "..10.2.0", "2024-01-19",
          _ALL_4, "CWE-94", "0.01703", "0.75264",
          "Pillow: ImageMath runs what the names of its arguments say"),
    Known("GHSA-p64x-8rxx-wf6q", "CVE-2022-34265", "PyPI", "django", "3.2..3.2.14 4.0..4.0.6",
          "2022-07-05", _ALL_4, "CWE-89", "0.73274", "0.99413",
          "Django: Trunc and Extract let SQL through"),
    Known("GHSA-2gwj-7jmv-h26r", "CVE-2022-28346", "PyPI", "django",
          "2.2..2.2.28 3.2..3.2.13 4.0..4.0.4", "2022-04-13", _ALL_4, "CWE-89",
          "0.18661", "0.97012", "Django: annotate lets SQL through"),
    Known("GHSA-2hrw-hx67-34x6", "CVE-2023-24580", "PyPI", "django",
          "3.2..3.2.18 4.0..4.0.10 4.1..4.1.7", "2023-02-15", _DOS_4, "CWE-400",
          "0.62575", "0.99119", "Django: uploads with very many parts exhaust the server"),
    Known("GHSA-45x7-px36-x8w8", "CVE-2023-48795", "PyPI", "paramiko", "2.5.0..3.4.0",
          "2023-12-18", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", "CWE-354",
          "0.93305", "0.99829", "SSH: the beginning of a session can be cut (Terrapin)"),
    Known("GHSA-w3h3-4rj7-4ph4", "CVE-2024-1135", "PyPI", "gunicorn", "..22.0.0", "2024-04-16",
          "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:H/A:N", "CWE-444", "0.02996", "0.86181",
          "Gunicorn: a request can be smuggled past rules"),
    Known("GHSA-j8r2-6x86-q33q", "CVE-2023-32681", "PyPI", "requests", "2.3.0..2.31.0",
          "2023-05-22", _SCRIPT_HARD.replace("I:L", "I:N"), "CWE-200", "0.02974", "0.86082",
          "Requests: the password of a proxy is sent on"),
    Known("GHSA-v845-jxx5-vc9f", "CVE-2023-43804", "PyPI", "urllib3", "..1.26.17 2.0.0..2.0.6",
          "2023-10-02", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:N", "CWE-200",
          "0.01207", "0.65732", "urllib3: a cookie goes along to another host"),
    Known("GHSA-2m57-hf25-phgg", "CVE-2024-4340", "PyPI", "sqlparse", "..0.5.0", "2024-04-15",
          _NETWORK_DOS, "CWE-674", "0.03237", "0.87206",
          "sqlparse: deeply nested lists end the program"),
    Known("GHSA-h75v-3vvj-5mfj", "CVE-2024-34064", "PyPI", "jinja2", "..3.1.4", "2024-05-06",
          _SCRIPT.replace("S:C", "S:U"), "CWE-79", "0.00979", "0.59212",
          "Jinja: xmlattr takes keys that break out of the tag"),
    Known("GHSA-x4qr-2fvf-3mr5", "CVE-2023-0286", "PyPI", "cryptography", "0.8.1..39.0.1",
          "2023-02-08", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:H", "CWE-843",
          "0.59501", "0.99045", "cryptography: the OpenSSL inside mistakes an address's type"),
)  # fmt: skip
