"""The settings pages as a browser without script sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hikeshi.organisation.models import Account, Appointment, Company, CompanyKey, Unit
from hikeshi.organisation.roles import Role
from hikeshi.organisation.tokens import token_from
from tests.builders import Firm, firm, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def kazahaya() -> Firm:
    return firm()


@pytest.fixture
def browser(client: Client, kazahaya: Firm) -> Client:
    client.force_login(kazahaya.admin)
    client.post("/language/", {"language": "en", "next": "/"})
    return client


def confirm(client: Client) -> None:
    answer = client.post(reverse("account_reauthenticate"), {"password": "a-good-pass-phrase"})
    assert answer.status_code == 302


def page(client: Client, route: str, **kwargs: Any) -> str:
    answer = client.get(reverse(route, kwargs=kwargs))
    assert answer.status_code == 200
    return answer.content.decode()


def unit_data(unit: Unit, **changes: Any) -> dict[str, Any]:
    return {
        "revision": unit.revision, "name_ja": unit.name.get("ja", ""),
        "name_en": unit.name.get("en", ""), "kind": unit.kind,
    } | changes  # fmt: skip


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    "route",
    [
        "me", "tokens", "choose", "units", "unit-add", "unit-import", "people", "invite",
        "person-import", "company", "company-add",
    ],
)  # fmt: skip
def test_every_settings_page_opens_in_both_languages(
    browser: Client, route: str, language: str
) -> None:
    browser.post("/language/", {"language": language, "next": "/"})
    text = page(browser, f"organisation:{route}")
    assert f'<html lang="{language}"' in text
    assert ("設定" in text) == (language == "ja")


@pytest.mark.parametrize(
    "route",
    [
        "mfa_index", "usersessions_list", "account_change_password", "mfa_list_webauthn",
        "account_reset_password", "account_reset_password_done", "account_inactive",
    ],
)  # fmt: skip
def test_every_login_page_opens_in_our_look(browser: Client, route: str) -> None:
    assert 'href="/static/ui/theme.css"' in page(browser, route)


def test_a_person_changes_how_pages_look_and_speak(browser: Client, kazahaya: Firm) -> None:
    browser.post(
        reverse("organisation:me"),
        {
            "name": "佐藤 恵", "language": "ja", "zone": "Europe/Berlin", "theme": "dark",
            "density": "comfortable",
        },
    )  # fmt: skip
    account = Account.objects.get(pk=kazahaya.admin.pk)
    assert (account.name, account.zone, account.theme, account.shortcuts) == (
        "佐藤 恵", "Europe/Berlin", "dark", False,
    )  # fmt: skip
    text = page(browser, "organisation:me")
    assert 'data-bs-theme="dark"' in text
    assert 'data-density="comfortable"' in text


def test_a_token_is_shown_once_after_confirming_and_revoked_by_a_press(
    browser: Client, kazahaya: Firm
) -> None:
    add = reverse("organisation:token-add")
    assert browser.get(add)["Location"] == f"/account/confirm/?next={add.replace('/', '%2F')}"
    confirm(browser)
    made = browser.post(
        add,
        {
            "name": "CI",
            "scopes": ["view"],
            "expires_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        },
    ).content.decode()
    text = re.search(r"hk_[0-9a-f]{10}_[\w-]{43}", made)
    assert text
    token = token_from(text[0], at=timezone.now())
    assert token
    assert token.account == kazahaya.admin
    assert text[0] not in page(browser, "organisation:tokens")
    browser.post(reverse("organisation:token-revoke", kwargs={"uid": token.uid}))
    assert token_from(text[0], at=timezone.now()) is None
    assert "revoked" in page(browser, "organisation:tokens")


def test_a_unit_is_created_changed_moved_and_closed(browser: Client, kazahaya: Firm) -> None:
    add = reverse("organisation:unit-add")
    browser.post(
        f"{add}?under={kazahaya.network.uid}",
        {"name_en": "Komoro plant", "kind": "plant", "team_type": "fsirt"},
    )
    plant = Unit.objects.get(name__en="Komoro plant")
    address = reverse("organisation:unit", kwargs={"uid": plant.uid})
    browser.post(address, unit_data(plant, region="Nagano"))
    plant.refresh_from_db()
    assert (plant.region, plant.revision) == ("Nagano", 2)
    browser.post(f"{address}move/", {"parent": str(kazahaya.control.uid)})
    text = page(browser, "organisation:unit", uid=plant.uid)
    assert "below “Control BU”" in text
    assert "Network BU" in text
    browser.post(f"{address}close/", {"revision": "2"})
    assert "Komoro plant" not in page(browser, "organisation:units")
    closed = browser.get(reverse("organisation:units") + "?closed=1").content.decode()
    assert "Komoro plant" in closed


def test_a_stale_save_shows_both_and_the_second_save_is_deliberate(
    browser: Client, kazahaya: Firm
) -> None:
    address = reverse("organisation:unit", kwargs={"uid": kazahaya.network.uid})
    browser.post(address, unit_data(kazahaya.network, region="Nagano"))
    stale = browser.post(address, unit_data(kazahaya.network, region="Kyoto"))
    text = stale.content.decode()
    assert "Somebody else saved meanwhile. Nothing was overwritten." in text
    assert '<th scope="row">Region</th><td>Nagano</td><td>Kyoto</td>' in text
    assert 'name="revision" value="2"' in text
    kazahaya.network.refresh_from_db()
    assert kazahaya.network.region == "Nagano"
    browser.post(address, unit_data(kazahaya.network, region="Kyoto", revision=2))
    kazahaya.network.refresh_from_db()
    assert kazahaya.network.region == "Kyoto"


def test_a_stale_save_of_a_company_shows_both(browser: Client, kazahaya: Firm) -> None:
    address = reverse("organisation:company")
    entered = {
        "revision": 1, "name_en": "Kazahaya", "org_model": "hybrid", "languages": ["ja"],
        "zone": "Asia/Tokyo", "calendar": "JP",
    }  # fmt: skip
    browser.post(address, entered)
    text = browser.post(address, entered | {"org_model": "distributed"}).content.decode()
    assert "<td>hybrid</td><td>distributed</td>" in text
    assert Company.objects.get().org_model == "hybrid"


def test_a_reply_address_says_where_its_token_goes(browser: Client, kazahaya: Firm) -> None:
    address = reverse("organisation:company")
    entered = {
        "revision": 1, "name_en": "Kazahaya", "org_model": "hybrid", "languages": ["ja"],
        "zone": "Asia/Tokyo", "calendar": "JP", "mail_reply_token": "psirt@kazahaya.example",
    }  # fmt: skip
    text = browser.post(address, entered).content.decode()
    assert "Write an address with {token} before the @" in text
    assert Company.objects.get().mail_reply_token == ""
    kept = "psirt+{token}@kazahaya.example"
    browser.post(address, entered | {"mail_reply_token": kept})
    assert Company.objects.get().mail_reply_token == kept


def test_the_same_form_sent_twice_acts_once(browser: Client, kazahaya: Firm) -> None:
    add = reverse("organisation:unit-add")
    entered = {"name_en": "Plant", "kind": "plant", "form_key": "k" * 20}
    first, second = browser.post(add, entered), browser.post(add, entered)
    assert first["Location"] == second["Location"]
    assert Unit.objects.filter(name__en="Plant").count() == 1


def test_every_form_that_changes_something_carries_a_key(browser: Client, kazahaya: Firm) -> None:
    pages = [
        page(browser, "organisation:me"),
        page(browser, "organisation:unit", uid=kazahaya.network.uid),
        page(browser, "organisation:company"),
        page(browser, "organisation:person", uid=kazahaya.admin.uid),
    ]
    for text in pages:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
            if any(
                own in form
                for own in ("/language/", "/account/", "/appearance/", "/theme/", "invite")
            ):
                continue
            assert 'name="form_key"' in form, form


def test_an_invited_person_comes_by_the_link_and_it_works_once(
    browser: Client, kazahaya: Firm
) -> None:
    invited = browser.post(
        reverse("organisation:invite"),
        {
            "email": "new@kazahaya.example", "name": "New", "language": "en", "role": "reader",
            "duty": "concurrent",
        },
    ).content.decode()  # fmt: skip
    link = re.search(r"http://testserver(/link/[\w-]+/)", invited)
    assert link
    guest = Client()
    assert (
        "You were invited as new@kazahaya.example"
        in guest.get(link[1], headers={"Accept-Language": "en"}).content.decode()
    )
    entered = {"person_name": "新田 要", "way": "password", "password": "short"}
    assert guest.post(link[1], entered).status_code == 200
    answer = guest.post(link[1], entered | {"password": "several words in a row"})
    assert answer["Location"] == "/"
    account = Account.objects.get(email="new@kazahaya.example")
    assert account.name == "新田 要"
    assert guest.get(reverse("organisation:me")).status_code == 200
    assert Client().get(link[1]).status_code == 404


def test_who_chooses_a_passkey_goes_on_to_add_it(browser: Client, kazahaya: Firm) -> None:
    invited = browser.post(
        reverse("organisation:invite"),
        {
            "email": "new@kazahaya.example", "name": "New", "language": "en", "role": "reader",
            "duty": "concurrent",
        },
    ).content.decode()  # fmt: skip
    link = re.search(r"(/link/[\w-]+/)", invited)
    assert link
    guest = Client()
    answer = guest.post(link[1], {"person_name": "New", "way": "passkey", "password": ""})
    assert answer["Location"] == reverse("mfa_add_webauthn")
    assert guest.get(answer["Location"]).status_code == 200


def test_a_role_is_given_delegated_and_ended_on_the_persons_page(
    browser: Client, kazahaya: Firm
) -> None:
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    other = person("o@kazahaya.example", kazahaya.company, Role.READER)
    day = (timezone.localdate() + timedelta(days=10)).isoformat()
    browser.post(
        reverse("organisation:appoint", kwargs={"uid": reader.uid}),
        {
            "role": "responder", "unit": str(kazahaya.network.uid), "duty": "full_time",
            "load_percent": "100",
        },
    )  # fmt: skip
    given = Appointment.objects.get(account=reader, role="responder")
    assert (given.unit, given.duty, given.load_percent) == (kazahaya.network, "full_time", 100)
    browser.post(
        reverse("organisation:delegate", kwargs={"uid": given.uid}), {"to": other.uid, "until": day}
    )
    assert Appointment.objects.get(delegate_of=given).account == other
    browser.post(reverse("organisation:role-end", kwargs={"uid": given.uid}))
    text = page(browser, "organisation:person", uid=reader.uid)
    assert "Roles before" in text


def test_a_disabled_person_is_out_at_once(browser: Client, kazahaya: Firm) -> None:
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    theirs = Client()
    theirs.force_login(reader)
    assert theirs.get(reverse("organisation:me")).status_code == 200
    change = reverse("organisation:person-change", kwargs={"uid": reader.uid})
    browser.post(change, {"act": "disable"})
    assert theirs.get(reverse("organisation:me")).status_code == 302
    browser.post(change, {"act": "enable"})
    assert Account.objects.get(pk=reader.pk).is_active


def test_a_file_is_looked_at_first_and_then_taken_in(browser: Client, kazahaya: Firm) -> None:
    address = reverse("organisation:unit-import")
    content = "parent,name_ja\nNetwork BU,小諸工場\n".encode("cp932")
    looked = browser.post(address, {"file": SimpleUploadedFile("units.csv", content)})
    text = looked.content.decode()
    assert "小諸工場" in text
    assert not Unit.objects.filter(name__ja="小諸工場").exists()
    kept = re.search(r'name="kept" value="([^"]+)"', text)
    assert kept
    done = browser.post(address, {"kept": kept[1]})
    assert done["Location"] == reverse("organisation:units")
    assert Unit.objects.filter(name__ja="小諸工場").exists()


def test_a_wrong_file_offers_nothing_to_take_in(browser: Client, kazahaya: Firm) -> None:
    address = reverse("organisation:person-import")
    content = b"email,role\nx@x.example,boss\n"
    text = browser.post(address, {"file": SimpleUploadedFile("p.csv", content)}).content.decode()
    assert "1 line is refused. Nothing was written." in text
    assert 'name="kept"' not in text
    forged = browser.post(address, {"kept": "forged:value"})
    assert forged.status_code == 200


def test_exports_are_files_that_name_the_company(browser: Client) -> None:
    answer = browser.get(reverse("organisation:unit-export"))
    assert answer["Content-Disposition"] == 'attachment; filename="kazahaya-units.csv"'
    assert "Network BU" in answer.content.decode()
    assert (
        "admin@kazahaya.example"
        in browser.get(reverse("organisation:person-export")).content.decode()
    )


def test_a_key_is_put_in_use_after_confirming(browser: Client, kazahaya: Firm) -> None:
    rotate = reverse("organisation:key-rotate")
    assert browser.post(rotate).status_code == 302
    assert CompanyKey.objects.count() == 1
    confirm(browser)
    browser.post(rotate)
    retired = CompanyKey.objects.order_by("pk").values_list("retired_at", flat=True)
    assert [moment is None for moment in retired] == [False, True]


def test_a_further_company_is_set_up_and_chosen(browser: Client, kazahaya: Firm) -> None:
    browser.post(
        reverse("organisation:company-add"),
        {
            "name_en": "Kazahaya Systems", "slug": "systems", "number_prefix": "KS",
            "zone": "Asia/Tokyo", "parent": str(kazahaya.company.uid),
        },
    )  # fmt: skip
    made = Company.objects.get(slug="systems")
    assert made.parent == kazahaya.company
    assert "Kazahaya Systems" in page(browser, "organisation:choose")
    browser.post(reverse("organisation:choose"), {"company": "systems", "unit": ""})
    assert "Kazahaya Systems" in page(browser, "organisation:units")
    assert 'href="/cases/?unit=systems"' in page(browser, "organisation:units")
    browser.post(reverse("organisation:choose"), {"unit": str(kazahaya.network.uid)})
    body = page(browser, "organisation:me")
    assert "Network BU" in body
    for path in ("cases", "findings", "products"):
        assert f'href="/{path}/?unit={kazahaya.network.uid}"' in body
    browser.post(reverse("organisation:choose"), {"unit": ""})
    body = page(browser, "organisation:me")
    assert ("All companies" in body, 'href="/cases/"' in body) == (True, True)


def test_a_one_person_psirt_has_no_unit_switcher(browser: Client, kazahaya: Firm) -> None:
    assert 'class="unit"' in page(browser, "organisation:me")
    Company.objects.update(single_person=True)
    assert 'class="unit"' not in page(browser, "organisation:me")


def test_the_list_of_people_is_filtered_in_a_fixed_number_of_queries(
    browser: Client, kazahaya: Firm, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        person(f"p{number}@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    address = reverse("organisation:people")
    with django_assert_max_num_queries(12):
        text = browser.get(address).content.decode()
    assert "31 rows" in text
    assert "1 row" in browser.get(address + "?role=admin").content.decode()
    assert "p7@kazahaya.example" in browser.get(address + "?q=p7@").content.decode()
    assert "Nobody fits" in browser.get(address + "?state=former").content.decode()
