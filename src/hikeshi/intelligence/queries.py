"""Read what lists say of the use of vulnerabilities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hikeshi.intelligence.models import Signal, SignalKind, VulnerabilityName


@dataclass(frozen=True, slots=True)
class Signals:
    """What KEV and EPSS say of a vulnerability now; None without."""

    kev: Signal | None = None
    epss: Signal | None = None


def signals_of(vulnerabilities: Iterable[int]) -> dict[int, Signals]:
    """Return what lists say of vulnerabilities, by their ids, in two queries.

    Of several CVE ids of one vulnerability the one that is exploited, or likelier to be, counts.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    names = VulnerabilityName.objects.known().filter(
        vulnerability__in=list(vulnerabilities), name__startswith="CVE-"
    )
    for vulnerability, name in names.values_list("vulnerability_id", "name"):
        by_name[name].append(vulnerability)
    found: dict[int, Signals] = {}
    for signal in Signal.objects.known().filter(name__in=list(by_name)).order_by("number", "pk"):
        for vulnerability in by_name[signal.name]:
            held = found.get(vulnerability, Signals())
            found[vulnerability] = (
                Signals(signal, held.epss)
                if signal.kind == SignalKind.KEV
                else Signals(held.kev, signal)
            )
    return found


def vulnerabilities_named(names: Iterable[str]) -> list[int]:
    """Return the ids of the vulnerabilities that go by some names now."""
    known = VulnerabilityName.objects.known().filter(name__in=list(names))
    return sorted(set(known.values_list("vulnerability", flat=True)))
