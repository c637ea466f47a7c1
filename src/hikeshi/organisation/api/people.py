"""People and their roles: list, invite, appoint, stand in, end, disable, and as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import gettext_noop
from hikeshi.organisation import exchange, people, units
from hikeshi.organisation.api.companies import ReportOut, TextIn, company_by_uid
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.models import Account, Appointment, Unit
from hikeshi.organisation.queries import people_of
from hikeshi.organisation.rest import Listed, ListQuery, Moment, Request, Rows, paged
from hikeshi.organisation.roles import Role

router = Router()


class PersonOut(Schema):
    """A person who holds a role in a company of the caller."""

    uid: UUID
    name: str
    email: str
    language: str
    zone: str
    is_active: bool
    expires_at: datetime | None


class AppointmentOut(Schema):
    """A role of a person, in a company or one unit of it."""

    uid: UUID
    person: UUID = Field(alias="account.uid")
    company: UUID = Field(alias="company.uid")
    unit: UUID | None
    role: str
    duty: str
    load_percent: int | None
    since: datetime
    until: datetime | None
    stands_in: bool = Field(description="Held in place of somebody else.")

    @staticmethod
    def resolve_unit(held: Appointment) -> UUID | None:
        """Return the unit's uid; None for the whole company."""
        return held.unit.uid if held.unit else None

    @staticmethod
    def resolve_stands_in(held: Appointment) -> bool:
        """Tell whether this role is held in place of somebody else."""
        return held.delegate_of_id is not None


class RoleIn(Schema):
    """A role to give. A guest needs ``until``."""

    company: UUID
    unit: UUID | None = None
    role: Role
    duty: Literal["full_time", "concurrent"] = "concurrent"
    load_percent: int | None = Field(None, ge=0, le=100)
    since: Moment | None = Field(None, description="A moment to come; null for now.")
    until: Moment | None = None


class AppointmentIn(RoleIn):
    """A role to give to a person who is known."""

    person: UUID


class PersonIn(RoleIn):
    """A person to invite into a role."""

    email: str = Field(min_length=3, max_length=254)
    name: str = Field(min_length=1, max_length=120)
    language: Literal["ja", "en"] | None = None


class PersonChange(Schema):
    """What to change about an account."""

    expires_at: Moment | None = Field(description="When it ends; null for no end.")


class AppointmentChange(Schema):
    """What to change about a role; what is left out stays."""

    duty: Literal["full_time", "concurrent"] | None = None
    load_percent: int | None = Field(None, ge=0, le=100)
    until: Moment | None = Field(None, description="Null takes the end away.")


class StandIn(Schema):
    """Who stands in for a role, and until when."""

    person: UUID
    until: Moment


class PersonList(ListQuery):
    """People with a running role in a company of the caller."""

    sorts: ClassVar = {"name": ("name", "pk"), "-name": ("-name", "-pk")}
    filters: ClassVar = {"email": "email__iexact"}
    sort: Literal["name", "-name"] = "name"
    email: str | None = Field(None, max_length=254)


class AppointmentList(ListQuery):
    """Roles in the caller's companies, past ones too."""

    sorts: ClassVar = {"created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {
        "company": "company__uid",
        "person": "account__uid",
        "unit": "unit__uid",
        "role": "role",
    }
    sort: Literal["created", "-created"] = "created"
    company: UUID | None = None
    person: UUID | None = None
    unit: UUID | None = None
    role: Role | None = None


def _unit(request: Request, uid: UUID | None) -> Unit | None:
    return units.unit_by_uid(request.viewer, uid) if uid else None


def _where(request: Request, given: RoleIn) -> dict[str, Any]:
    """Return company, unit, role and details as the services take them."""
    return {
        "company": company_by_uid(request, given.company),
        "unit": _unit(request, given.unit),
        "role": given.role,
        "duty": given.duty,
        "load_percent": given.load_percent,
        "since": given.since,
        "until": given.until,
    }


def _appointments(request: Request) -> QuerySet[Appointment]:
    return people.appointments_seen_by(request.viewer).select_related("account", "company", "unit")


@router.get("/people", response=Rows[PersonOut], summary=gettext_noop("List people"))
def list_people(request: Request, query: Query[PersonList]) -> Listed:
    """People who hold a role now."""
    return paged(request, people_of(request.viewer), query)


@router.get("/people/{uid}", response=PersonOut, summary=gettext_noop("Read a person"))
def read_person(request: Request, uid: UUID) -> Account:
    """One person."""
    return people.person_by_uid(request.viewer, uid)


@router.post("/people", response={201: PersonOut}, summary=gettext_noop("Invite a person"))
def invite_person(request: Request, person: PersonIn) -> Status[Account]:
    """Invite a person into a role; the link goes by mail and is not in the answer."""
    account, _secret = people.invite_person(
        viewer=request.viewer,
        email=people.clean_email(person.email),
        name=person.name,
        language=person.language or "",
        at=timezone.now(),
        **_where(request, person),
    )
    return Status(201, account)


@router.patch("/people/{uid}", response=PersonOut, summary=gettext_noop("Change a person"))
def change_person(request: Request, uid: UUID, change: PersonChange) -> Account:
    """Change the moment on which an account ends."""
    account = people.person_by_uid(request.viewer, uid)
    people.set_end(
        viewer=request.viewer, account=account, expires_at=change.expires_at, at=timezone.now()
    )
    return account


@router.post("/people/{uid}/disable", response=PersonOut, summary=gettext_noop("Disable a person"))
def disable_person(request: Request, uid: UUID) -> Account:
    """Log a person out and let them in no more; roles stay on record."""
    account = people.person_by_uid(request.viewer, uid)
    people.set_enabled(viewer=request.viewer, account=account, enabled=False, at=timezone.now())
    return account


@router.post("/people/{uid}/enable", response=PersonOut, summary=gettext_noop("Enable a person"))
def enable_person(request: Request, uid: UUID) -> Account:
    """Let a disabled person in again."""
    account = people.person_by_uid(request.viewer, uid)
    people.set_enabled(viewer=request.viewer, account=account, enabled=True, at=timezone.now())
    return account


@router.get(
    "/appointments", response=Rows[AppointmentOut], summary=gettext_noop("List appointments")
)
def list_appointments(request: Request, query: Query[AppointmentList]) -> Listed:
    """Roles in the caller's companies, running and past."""
    return paged(request, _appointments(request), query)


@router.post(
    "/appointments", response={201: AppointmentOut}, summary=gettext_noop("Appoint a person")
)
def appoint_person(request: Request, given: AppointmentIn) -> Status[Appointment]:
    """Give a role to a person who is known."""
    made = people.appoint_person(
        viewer=request.viewer,
        account=people.person_by_uid(request.viewer, given.person),
        at=timezone.now(),
        **_where(request, given),
    )
    return Status(201, made)


@router.patch(
    "/appointments/{uid}", response=AppointmentOut, summary=gettext_noop("Change an appointment")
)
def change_role(request: Request, uid: UUID, change: AppointmentChange) -> Appointment:
    """Change the duty, load or end of a running role."""
    changes = change.model_dump(exclude_unset=True)
    if changes.get("duty", "") is None:
        del changes["duty"]
    return people.change_role(
        viewer=request.viewer,
        appointment=people.appointment_by_uid(request.viewer, uid),
        at=timezone.now(),
        **changes,
    )


@router.post(
    "/appointments/{uid}/stand-in",
    response={201: AppointmentOut},
    summary=gettext_noop("Let a person stand in"),
)
def delegate_role(request: Request, uid: UUID, stand_in: StandIn) -> Status[Appointment]:
    """Let another person hold a role in place of its holder until a moment."""
    made = people.delegate_role(
        viewer=request.viewer,
        appointment=people.appointment_by_uid(request.viewer, uid),
        to=people.person_by_uid(request.viewer, stand_in.person),
        until=stand_in.until,
        at=timezone.now(),
    )
    return Status(201, made)


@router.post(
    "/appointments/{uid}/end", response=AppointmentOut, summary=gettext_noop("End an appointment")
)
def end_role(request: Request, uid: UUID) -> Appointment:
    """End a role now; it stays on record."""
    held = people.appointment_by_uid(request.viewer, uid)
    people.end_role(viewer=request.viewer, appointment=held, at=timezone.now())
    return held


@router.get(
    "/companies/{uid}/people.csv",
    summary=gettext_noop("Export people"),
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export_people(request: Request, uid: UUID) -> HttpResponse:
    """Who holds which role in a company now, as CSV."""
    company = company_by_uid(request, uid)
    return HttpResponse(
        exchange.export_people(request.viewer, company), content_type="text/csv; charset=utf-8"
    )


@router.post(
    "/companies/{uid}/people/import", response=ReportOut, summary=gettext_noop("Import people")
)
def import_people(request: Request, uid: UUID, text: TextIn) -> Report:
    """Give roles from a CSV, inviting who is new: all lines or none."""
    return exchange.import_people(
        viewer=request.viewer,
        company=company_by_uid(request, uid),
        rows=exchange.read_rows(text.csv.encode(), exchange.PERSON_COLUMNS),
        at=timezone.now(),
        apply=not text.preview,
    )
