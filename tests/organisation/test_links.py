"""One-time links: once, until their moment, and one running per door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import NotFound
from hikeshi.organisation import services
from hikeshi.organisation.links import (
    INVITATION,
    LASTS,
    LOGIN,
    SETUP,
    first_link,
    issue_link,
    link_from,
    link_path,
    renew_secret,
    take_link,
)
from hikeshi.organisation.models import Account, OneTimeLink
from hikeshi.organisation.roles import Role
from tests.builders import NOW, firm, person

pytestmark = pytest.mark.django_db


def test_a_link_opens_once() -> None:
    kazahaya = firm()
    link, secret = issue_link(purpose=LOGIN, account=kazahaya.admin, at=NOW)
    assert link_from(secret, at=NOW) == link
    assert take_link(secret, at=NOW).account == kazahaya.admin
    with pytest.raises(NotFound, match="does not work any more"):
        take_link(secret, at=NOW)


def test_a_link_is_kept_as_a_digest() -> None:
    _link, secret = issue_link(purpose=SETUP, at=NOW)
    assert secret not in str(OneTimeLink.objects.values_list().get())


def test_a_link_stops_at_its_moment() -> None:
    _link, secret = issue_link(purpose=SETUP, at=NOW)
    assert link_from(secret, at=NOW + LASTS[SETUP] - timedelta(seconds=1))
    with pytest.raises(NotFound):
        link_from(secret, at=NOW + LASTS[SETUP])


def test_a_new_link_stops_the_older_one_to_the_same_door_alone() -> None:
    kazahaya = firm()
    other = person("o@kazahaya.example", kazahaya.company)
    _link, first = issue_link(purpose=INVITATION, account=kazahaya.admin, at=NOW)
    _link, others = issue_link(purpose=INVITATION, account=other, at=NOW)
    _link, second = issue_link(purpose=INVITATION, account=kazahaya.admin, at=NOW)
    with pytest.raises(NotFound):
        link_from(first, at=NOW)
    assert link_from(second, at=NOW)
    assert link_from(others, at=NOW)


def test_a_renewed_secret_replaces_the_old_one() -> None:
    link, old = issue_link(purpose=INVITATION, account=firm().admin, at=NOW)
    new = renew_secret(link)
    with pytest.raises(NotFound):
        link_from(old, at=NOW)
    assert link_from(new, at=NOW) == link


def test_the_first_link_is_set_up_then_a_login_of_the_oldest_administrator() -> None:
    purpose, secret = first_link(at=NOW)
    assert (purpose, link_path(purpose, secret)) == (SETUP, f"/setup/{secret}/")
    kazahaya = firm()
    person("second@kazahaya.example", kazahaya.company)
    purpose, secret = first_link(at=NOW)
    assert (purpose, link_path(purpose, secret)) == (LOGIN, f"/link/{secret}/")
    assert link_from(secret, at=NOW).account == kazahaya.admin


def test_the_login_link_skips_who_cannot_log_in() -> None:
    kazahaya = firm()
    second = person("second@kazahaya.example", kazahaya.company)
    person("reader@kazahaya.example", kazahaya.company, Role.READER)
    Account.objects.filter(pk=kazahaya.admin.pk).update(is_active=False)
    assert link_from(first_link(at=NOW)[1], at=NOW).account == second
    Account.objects.filter(pk=second.pk).update(expires_at=NOW)
    with pytest.raises(NotFound, match="No company has an administrator"):
        first_link(at=NOW)


def test_a_company_without_people_is_no_reason_for_a_second_set_up() -> None:
    services.found_company(slug="c", name={"en": "C"}, prefix="C", at=NOW)
    with pytest.raises(NotFound):
        first_link(at=NOW)
