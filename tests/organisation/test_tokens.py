"""API tokens: what they are, when they stop, what they may do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import AlreadyDone, InputRefused
from hikeshi.ledger.models import Event
from hikeshi.organisation.models import APIToken
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.tokens import issue_token, revoke_token, token_from
from tests.builders import NOW, firm, person

pytestmark = pytest.mark.django_db
MONTH = NOW + timedelta(days=30)


def made(scopes=(Permission.VIEW,), role: Role = Role.ADMIN) -> tuple[APIToken, str]:
    kazahaya = firm()
    account = person("bot@kazahaya.example", kazahaya.company, role)
    return issue_token(account=account, name="CI", scopes=scopes, at=NOW, expires_at=MONTH)


def test_the_text_is_kept_nowhere_and_finds_its_token() -> None:
    token, text = made()
    assert text.startswith(f"hk_{token.prefix}_")
    secret = text.split("_", 2)[2]
    stored = APIToken.objects.filter(pk=token.pk).values_list().get()
    assert not any(secret in str(column) for column in stored)
    assert token_from(text, at=NOW) == token
    assert Event.objects.filter(name="token.issued", subject_uid=token.uid).exists()


@pytest.mark.parametrize(
    "wrong", ["", "hk_", "hk_0000000000_x", "sk_1_2", "hk_" + "x" * 100, "hk_ü_1"]
)
def test_a_wrong_text_finds_nothing(wrong: str) -> None:
    made()
    assert token_from(wrong, at=NOW) is None


def test_one_changed_letter_finds_nothing() -> None:
    _token, text = made()
    assert token_from(text[:-1] + ("A" if text[-1] != "A" else "B"), at=NOW) is None


def test_a_token_stops_on_its_day_and_when_revoked() -> None:
    token, text = made()
    assert token_from(text, at=MONTH) is None
    revoke_token(token=token, by=token.account, at=NOW)
    assert token_from(text, at=NOW) is None
    with pytest.raises(AlreadyDone, match="revoked before"):
        revoke_token(token=token, by=token.account, at=NOW)


def test_a_token_may_do_no_more_than_its_scopes_and_no_more_than_its_account() -> None:
    token, _text = made(scopes=[Permission.VIEW, Permission.PUBLISH], role=Role.RESPONDER)
    company = token.account.pk and next(iter(viewer_of(token.account, NOW).scopes))
    seen = viewer_of(token.account, NOW, token.scopes)
    assert seen.may(Permission.VIEW, company)
    assert not seen.may(Permission.CASE_OPEN, company)
    assert not seen.may(Permission.PUBLISH, company)


def test_a_token_needs_a_scope_and_an_end_within_a_year() -> None:
    kazahaya = firm()
    with pytest.raises(InputRefused, match="at least one right"):
        issue_token(account=kazahaya.admin, name="x", scopes=[], at=NOW, expires_at=MONTH)
    for end in (NOW, NOW + timedelta(days=400)):
        with pytest.raises(InputRefused, match="within a year"):
            issue_token(
                account=kazahaya.admin, name="x", scopes=[Permission.VIEW], at=NOW, expires_at=end
            )


def test_use_is_noted_once_a_minute() -> None:
    token, text = made()
    token_from(text, at=NOW)
    token_from(text, at=NOW + timedelta(seconds=59))
    token.refresh_from_db()
    assert token.last_used_at == NOW
    token_from(text, at=NOW + timedelta(seconds=61))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=61)
