"""Pages of one release: what is in it, what is missing, how it changed, and its SBOMs."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import InputRefused
from hikeshi.inventory import queries, related
from hikeshi.inventory.as_known import release_as_known
from hikeshi.inventory.forms import SLOT_NAMES, SBOMForm
from hikeshi.inventory.models import Gap, Release
from hikeshi.inventory.uploads import MAX_BYTES, Upload, too_large, upload_sbom
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.roles import Permission
from hikeshi.records.known import read_moment
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of

DIFF_SHOWN = 12


@require_GET
@needs(Permission.VIEW)
def release(request: Request, number: str) -> HttpResponse:
    """Show one release: its facts, its SBOMs by part, what changed last."""
    found = queries.release_by_number(request.viewer, number)
    if moment := request.GET.get("as_of"):
        page = release_as_known(request.viewer, found, read_moment(moment, request.viewer.at))
        context = {"page": page, "known": page.known, "release": found}
        return render(request, "inventory/release_as_known.html", context)
    return _overview(request, found, None)


@require_POST
@needs(Permission.INVENTORY_EDIT)
def upload(request: Request, number: str) -> HttpResponse:
    """Take an SBOM into a part of a release; a refused file leaves the current one."""
    found = queries.release_to_edit(request.viewer, number=number)
    form = SBOMForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            done = upload_sbom(
                release=found, content=_content(file), by=account_of(request),
                at=timezone.now(), slot=form.cleaned_data["slot"], file_name=file.name or "",
            )  # fmt: skip
        except InputRefused as error:
            form.add_error("file", explain(error))
        else:
            messages.success(request, _said(done))
            return redirect("inventory:release", number=found.number)
    return _overview(request, found, form, status=422)


def _content(file: Any) -> bytes:
    if file.size is None or file.size > MAX_BYTES:
        raise too_large(file.size or 0)
    return bytes(file.read())


def _said(done: Upload) -> str:
    if not done.is_new:
        return _("This very file is the current one already; nothing changed.")
    counted = ngettext(
        "The SBOM was read: %(n)d component.", "The SBOM was read: %(n)d components.",
        done.sbom.components,
    ) % {"n": done.sbom.components}  # fmt: skip
    changed = _("%(opened)d new, %(closed)d gone.") % {
        "opened": done.opened, "closed": done.closed,
    }  # fmt: skip
    return f"{counted} {changed}"


def _overview(
    request: Request, found: Release, form: SBOMForm | None, status: int = 200
) -> HttpResponse:
    context = _context(request, found, "overview")
    slots = context["slots"]
    changes = []
    latest = max((s.current for s in slots if s.current), key=lambda s: s.batch, default=None)
    previous = queries.version_before(latest) if latest else None
    if latest and previous:
        changes = queries.diff(previous, latest)
    if form is None:
        form = SBOMForm(initial={"slot": latest.slot.name} if latest else None)
    context |= {
        "parts": related.parts_of(request.viewer, found),
        "containers": related.containers_of(request.viewer, found),
        "containable": (related.containable(request.viewer, found) if context["may_edit"] else []),
        "form": form,
        "slot_names": SLOT_NAMES,
        "latest": latest,
        "previous": previous,
        "changes": changes[:DIFF_SHOWN],
        "changes_total": len(changes),
    }
    return render(request, "inventory/release.html", context, status=status)


@require_GET
@needs(Permission.VIEW)
def components(request: Request, number: str) -> HttpResponse:
    """List the components of a release, or those of one gap."""
    found = queries.release_by_number(request.viewer, number)
    text = request.GET.get("q", "").strip()[:200]
    gap = request.GET.get("gap", "")
    rows = queries.components_of(found)
    if text:
        rows = rows.filter(queries.component_named(text))
    if gap == "any":
        rows = rows.exclude(gap="")
    elif gap:
        rows = rows.filter(gap=gap)
    page = page_of(rows, order=("name", "pk"), after=request.GET.get("after"))
    context = _context(request, found, "gaps" if gap else "components")
    context |= {"page": page, "q": text, "gap": gap, "gap_names": Gap.choices[1:]}
    part = "#list" if request.htmx else ""
    return render(request, f"inventory/components.html{part}", context)


@require_GET
@needs(Permission.VIEW)
def differences(request: Request, number: str) -> HttpResponse:
    """Compare two SBOMs of a release, or of this release and another of the same product."""
    found = queries.release_by_number(request.viewer, number)
    choices = queries.comparable_sboms(request.viewer, found)
    likely, newer = queries.pair_to_compare(choices, found, _chosen(choices, request.GET.get("to")))
    older = _chosen(choices, request.GET.get("from")) or likely
    changes = queries.diff(older, newer) if older and newer else []
    context = _context(request, found, "diff")
    context |= {"choices": choices, "older": older, "newer": newer, "changes": changes}
    context["counts"] = Counter(change.kind for change in changes)
    return render(request, "inventory/differences.html", context)


def _chosen(choices: list[Any], uid: str | None) -> Any:
    return next((sbom for sbom in choices if str(sbom.uid) == uid), None)


@require_GET
@needs(Permission.VIEW)
def versions(request: Request, number: str) -> HttpResponse:
    """List every SBOM that a release ever had."""
    found = queries.release_by_number(request.viewer, number)
    context = _context(request, found, "versions") | {"sboms": queries.sboms_of(found)}
    return render(request, "inventory/versions.html", context)


@require_GET
@needs(Permission.VIEW)
def download(request: Request, uid: UUID) -> HttpResponse:
    """Hand out the bytes of an SBOM as they came."""
    sbom = queries.sbom_by_uid(request.viewer, uid)
    name = sbom.file_name or f"{sbom.release.number}-{sbom.slot.name}-{sbom.ordinal}.json"
    answer = HttpResponse(queries.content_of(sbom), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _context(request: Request, found: Release, tab: str) -> dict[str, Any]:
    slots = queries.slots_of(found)
    current = [view.current for view in slots if view.current is not None]
    today = timezone.localdate(request.viewer.at)
    gaps = [{"label": Gap(gap).label, "count": n} for gap, n in queries.gap_counts(found)]
    ends = found.support_ends_on
    return {
        "release": found,
        "tab": tab,
        "slots": slots,
        "component_count": queries.components_of(found).count(),
        "gaps": gaps,
        "gap_total": sum(gap["count"] for gap in gaps),
        "support_days": (ends - today).days if ends else None,
        "has_sbom": bool(current),
        "may_edit": request.viewer.may(Permission.INVENTORY_EDIT, found.company_id, found.unit_id),
        "today": today,
    }
