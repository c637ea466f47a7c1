"""Ways in: password, second factor, links, limits; what each leaves on record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hikeshi.ledger.mailing import MAKERS
from hikeshi.ledger.models import Event, OutboxMessage
from hikeshi.organisation.links import LOGIN, SETUP, issue_link, link_path
from hikeshi.organisation.mfa import MFAAdapter
from hikeshi.organisation.models import Account, Appointment, Company, Unit
from hikeshi.organisation.roles import Role
from tests.builders import Firm, firm, person

pytestmark = pytest.mark.django_db
PASSWORD = "a-good-pass-phrase"  # what tests.builders.person sets


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def kazahaya() -> Firm:
    return firm()


def log_in(client: Client, email: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def with_app(client: Client) -> str:
    """Add an authenticator app as the logged-in person; return its secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    text = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", text)
    assert secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret[1])})
    assert answer.status_code == 302
    return secret[1]


def test_a_password_lets_in_and_it_is_on_record(client: Client, kazahaya: Firm) -> None:
    answer = log_in(client, "Admin@Kazahaya.example")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get(reverse("organisation:me")).status_code == 200
    assert Event.objects.filter(name="account.logged_in", by=kazahaya.admin).count() == 1


def test_the_hash_is_argon2(settings) -> None:
    from hikeshi.project import settings as ours

    assert ours.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: Client, kazahaya: Firm
) -> None:
    answers = [
        re.sub(r'value="[^"]*"', "", log_in(client, email, "wrong-pass-phrase").content.decode())
        for email in ("admin@kazahaya.example", "nobody@kazahaya.example")
    ]
    assert answers[0] == answers[1]
    assert "notice-alarm" in answers[0]


def test_failed_logins_are_limited_and_the_right_password_waits_too(
    client: Client, kazahaya: Firm
) -> None:
    for _ in range(5):
        log_in(client, kazahaya.admin.email, "wrong-pass-phrase")
    assert log_in(client, kazahaya.admin.email).status_code == 200
    assert client.get(reverse("organisation:me")).status_code == 302


def test_there_is_no_sign_up(client: Client) -> None:
    for address in ("/account/signup/", "/account/email/", "/account/confirm-email/"):
        assert client.get(address).status_code == 404


@pytest.mark.requirement("R178")
def test_an_ended_or_disabled_account_is_not_let_in(client: Client, kazahaya: Firm) -> None:
    guest = person(
        "lab@lab.example", kazahaya.company, Role.GUEST, until=timezone.now() + timedelta(days=9)
    )
    Account.objects.filter(pk=guest.pk).update(expires_at=timezone.now())
    assert log_in(client, guest.email)["Location"] == reverse("account_inactive")
    Account.objects.filter(pk=guest.pk).update(expires_at=None, is_active=False)
    assert log_in(client, guest.email)["Location"] == reverse("account_inactive")
    assert client.get(reverse("organisation:me")).status_code == 302


def test_a_second_factor_is_asked_after_the_password(client: Client, kazahaya: Firm) -> None:
    client.force_login(kazahaya.admin)
    secret = with_app(client)
    other = Client()
    assert log_in(other, kazahaya.admin.email)["Location"] == reverse("mfa_authenticate")
    assert other.get(reverse("organisation:me")).status_code == 302
    cache.clear()
    Authenticator.objects.update(last_used_at=None)
    assert other.get(reverse("mfa_authenticate")).status_code == 200
    answer = other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert answer.status_code == 200
    answer = other.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert answer["Location"] == "/"


def test_a_recovery_code_works_once(client: Client, kazahaya: Firm) -> None:
    client.force_login(kazahaya.admin)
    with_app(client)
    text = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    code = re.search(r"<li><code>(\w+)</code>", text)
    assert code
    for status in (302, 200):
        other = Client()
        log_in(other, kazahaya.admin.email)
        answer = other.post(reverse("mfa_authenticate"), {"code": code[1]})
        assert answer.status_code == status


def test_the_secrets_of_second_factors_are_sealed_in_the_database(
    client: Client, kazahaya: Firm
) -> None:
    client.force_login(kazahaya.admin)
    secret = with_app(client)
    totp = Authenticator.objects.get(type="totp")
    assert secret not in str(totp.data)
    assert MFAAdapter().decrypt(totp.data["secret"]) == secret
    codes = Authenticator.objects.get(type="recovery_codes")
    assert ":" in codes.data["seed"]


def test_a_change_of_the_ways_in_is_on_record_and_told_by_mail(
    client: Client, kazahaya: Firm, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(kazahaya.admin)
    with django_capture_on_commit_callbacks(execute=True):
        with_app(client)
    assert Event.objects.filter(name="account.factor_added").exists()
    message = OutboxMessage.objects.for_system("test").get(kind="account.totp_activated")
    mail = MAKERS[message.kind](message)
    assert mail.to == (("admin", "admin@kazahaya.example"),)
    assert mail.subject == "認証アプリが追加されました。"


def test_an_administrator_removes_lost_factors_but_gets_nothing_from_it(
    client: Client, kazahaya: Firm
) -> None:
    tanaka = person("tanaka@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    theirs = Client()
    theirs.force_login(tanaka)
    with_app(theirs)
    client.force_login(kazahaya.admin)
    client.post(
        reverse("organisation:person-change", kwargs={"uid": tanaka.uid}), {"act": "factors"}
    )
    assert not Authenticator.objects.filter(user=tanaka).exists()
    assert log_in(Client(), tanaka.email)["Location"] == "/"


def test_a_forgotten_password_is_set_anew_by_a_mailed_link(client: Client, kazahaya: Firm) -> None:
    ask = reverse("account_reset_password")
    done = [client.post(ask, {"email": email}) for email in (kazahaya.admin.email, "no@no.example")]
    assert {answer["Location"] for answer in done} == {reverse("account_reset_password_done")}
    message = OutboxMessage.objects.for_system("test").get(kind="account.password_reset")
    mail = MAKERS[message.kind](message)
    link = re.search(r"http://[^/]+(/account/password/reset/\S+)", mail.text)
    assert link
    assert link[1] not in str(message.ids)
    form = client.get(link[1])
    answer = client.post(
        form["Location"], {"password1": "quite another phrase", "password2": "quite another phrase"}
    )
    assert answer["Location"] == reverse("account_reset_password_from_key_done")
    assert log_in(client, kazahaya.admin.email, "quite another phrase")["Location"] == "/"
    assert Client().get(link[1]).status_code == 200
    assert Event.objects.filter(name="account.password_changed").exists()


def test_an_invitation_mail_brings_a_link_and_ends_the_one_on_the_screen(
    client: Client, kazahaya: Firm
) -> None:
    client.force_login(kazahaya.admin)
    shown = client.post(
        reverse("organisation:invite"),
        {
            "email": "new@kazahaya.example", "name": "New", "language": "en", "role": "reader",
            "duty": "concurrent",
        },
    ).content.decode()  # fmt: skip
    on_screen = re.search(r"(/link/[\w-]+/)", shown)
    message = OutboxMessage.objects.for_system("test").get(kind="account.invitation")
    mail = MAKERS[message.kind](message)
    assert mail.subject == "Invitation to the PSIRT of Kazahaya Electric"
    mailed = re.search(r"(/link/[\w-]+/)", mail.text)
    assert on_screen
    assert mailed
    assert client.get(on_screen[1]).status_code == 404
    assert Client().get(mailed[1]).status_code == 200


def test_a_login_link_asks_for_a_press_and_for_the_second_factor(
    client: Client, kazahaya: Firm
) -> None:
    client.force_login(kazahaya.admin)
    with_app(client)
    now = timezone.now()
    _link, secret = issue_link(purpose=LOGIN, account=kazahaya.admin, at=now)
    other = Client()
    address = link_path(LOGIN, secret)
    assert other.get(address).status_code == 200
    assert other.get(address).status_code == 200, "a preview must not burn the link"
    assert other.post(address)["Location"] == reverse("mfa_authenticate")
    assert other.post(address).status_code == 404


def entered(**changes: object) -> dict[str, object]:
    return {
        "name_ja": "風早電機", "name_en": "Kazahaya Electric", "number_prefix": "KZ",
        "zone": "Asia/Tokyo", "languages": ["ja", "en"], "person_name": "佐藤 恵",
        "email": "sato@kazahaya.example", "way": "password", "password": "several words in a row",
    } | changes  # fmt: skip


def test_the_first_set_up_makes_company_team_and_administrator(client: Client) -> None:
    _link, secret = issue_link(purpose=SETUP, at=timezone.now())
    address = link_path(SETUP, secret)
    assert client.get(reverse("organisation:setup-hint")).status_code == 200
    assert client.post(address, entered(number_prefix="kz!")).status_code == 200
    answer = client.post(address, entered(single_person="on"))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    company = Company.objects.get()
    assert (company.slug, company.prefix, company.single_person) == (
        "kazahaya-electric",
        "KZ",
        True,
    )
    sato = Account.objects.get()
    assert Appointment.objects.get(account=sato).role == Role.ADMIN
    team = Unit.objects.get()
    assert (team.team_type, team.owner) == ("psirt", sato)
    assert client.get(reverse("organisation:me")).status_code == 200


def test_the_set_up_opens_by_its_link_alone_and_only_while_there_is_no_company(
    client: Client,
) -> None:
    now = timezone.now()
    assert client.get("/setup/guessed/").status_code == 404
    assert client.post("/setup/guessed/", entered()).status_code == 404
    _link, secret = issue_link(purpose=SETUP, at=now)
    firm()
    answer = client.post(link_path(SETUP, secret), entered())
    assert answer["Location"] == reverse("account_login")
    assert Company.objects.count() == 1
    assert client.get(reverse("organisation:setup-hint"))["Location"] == reverse("account_login")


def test_a_login_link_is_no_set_up_link_and_the_other_way_round(
    client: Client, kazahaya: Firm
) -> None:
    now = timezone.now()
    _link, secret = issue_link(purpose=SETUP, at=now)
    assert client.get(f"/link/{secret}/").status_code == 404
    assert client.post(f"/link/{secret}/").status_code == 404


def test_a_session_and_a_person_are_seen_at_most_once_in_five_minutes(
    client: Client, kazahaya: Firm
) -> None:
    log_in(client, kazahaya.admin.email)
    old = timezone.now() - timedelta(hours=3)
    Account.objects.update(last_login=old, last_seen_at=old)
    UserSession.objects.update(last_seen_at=old)
    caches["memory"].clear()
    client.get(reverse("organisation:me"))
    seen = UserSession.objects.get().last_seen_at
    assert timezone.now() - seen < timedelta(minutes=1)
    assert Account.objects.get().last_seen_at == seen
    UserSession.objects.update(last_seen_at=old)
    client.get(reverse("organisation:me"))
    assert UserSession.objects.get().last_seen_at == old, "one write in five minutes is enough"
    caches["memory"].clear()
    client.get(reverse("organisation:me"))
    assert "minutes ago" not in client.get(reverse("usersessions_list")).content.decode()
    assert UserSession.objects.get().last_seen_at > seen


def test_the_set_up_makes_a_prefix_of_the_name(client: Client) -> None:
    _link, secret = issue_link(purpose=SETUP, at=timezone.now())
    client.post(link_path(SETUP, secret), entered(number_prefix=""))
    assert Company.objects.get().prefix == "KE"


def test_the_login_page_has_one_link_for_a_forgotten_password(client: Client) -> None:
    text = client.get(reverse("account_login")).content.decode()
    assert text.count(reverse("account_reset_password")) == 1
