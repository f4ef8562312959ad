"""The administrator's pages: people, sessions, keys, service accounts, the tenant's switches, the audit trail."""

from __future__ import annotations

import re

import pytest

from opulse.clock import ManualClock
from opulse.tenancy import find_tenant, views
from opulse.tenancy.flow.tenants import change_tenant
from opulse.tenancy.models import KeyKind, Person
from opulse.web.access import Role
from tests.edges.console import PASSWORD, Console, address_of, open_browser, open_console, text_of

ADMIN_PAGES = (
    "/admin/people",
    "/admin/people/new",
    "/admin/sessions",
    "/admin/api-keys",
    "/admin/api-keys/new",
    "/admin/service-accounts",
    "/admin/tenant",
    "/admin/tenant/open-mail",
    "/admin/audit",
    "/admin/configuration",
)


async def _person(console: Console, role: Role) -> Person:
    everybody = await console.ports.db.read(views.list_people, console.tenant)
    return next(one for one in everybody if one.role is role)


def _value(html: str, field: str) -> str:
    """What a copy field holds."""
    found = re.search(rf'id="{field}"[^>]* value="([^"]*)"', html)
    assert found, f"no field {field}"
    return found.group(1)


@pytest.mark.parametrize("path", ADMIN_PAGES)
async def test_only_an_administrator_opens_these(console: Console, path: str) -> None:
    assert (await console.admin.get(path)).status_code == 200
    for browser in (console.editor, console.viewer):
        refused = await browser.get(path)
        assert refused.status_code == 403
        assert "this needs the role admin" in text_of(refused.text)


async def test_a_new_person_signs_in_with_the_password_that_is_shown_once(console: Console) -> None:
    form = {"email": "new@example.org", "name": "New", "role": "editor", "locale": "ar"}
    made = await console.admin.post("/admin/people/new", data=form)
    assert made.status_code == 201
    password = _value(made.text, "person-password")
    async with open_browser(console.app) as browser:
        done = await browser.post("/sign-in", data={"email": "new@example.org", "password": password})
        assert done.status_code == 303
        assert 'dir="rtl"' in (await browser.get("/account")).text
    listed = await console.admin.get("/admin/people")
    assert password not in listed.text
    assert "new@example.org" in text_of(listed.text)


async def test_an_address_signs_in_once(console: Console) -> None:
    form = {"email": address_of(Role.EDITOR), "name": "Again", "role": "viewer"}
    refused = await console.admin.post("/admin/people/new", data=form)
    assert refused.status_code == 422
    assert 'href="#email"' in refused.text
    assert "signs in here already" in text_of(refused.text)


async def test_taking_access_away_ends_the_session(console: Console) -> None:
    editor = await _person(console, Role.EDITOR)
    saved = await console.admin.post(f"/admin/people/{editor.id}", data={"role": "viewer"})
    assert saved.status_code == 303
    changed = await console.ports.db.read(views.find_person, console.tenant, editor.id)
    assert changed is not None
    assert (changed.role, changed.disabled) == (Role.VIEWER, True)
    assert (await console.editor.get("/account")).status_code == 303


async def test_nobody_takes_their_own_rights_away(console: Console) -> None:
    admin = await _person(console, Role.ADMIN)
    await console.admin.post(f"/admin/people/{admin.id}", data={"role": "viewer", "may_sign_in": "on"})
    unchanged = await console.ports.db.read(views.find_person, console.tenant, admin.id)
    assert unchanged is not None
    assert unchanged.role is Role.ADMIN
    assert "This is you" in text_of((await console.admin.get(f"/admin/people/{admin.id}")).text)


async def test_a_machines_role_is_no_persons(console: Console) -> None:
    editor = await _person(console, Role.EDITOR)
    await console.admin.post(f"/admin/people/{editor.id}", data={"role": "integration", "may_sign_in": "on"})
    unchanged = await console.ports.db.read(views.find_person, console.tenant, editor.id)
    assert unchanged is not None
    assert unchanged.role is Role.EDITOR


async def test_a_new_password_voids_the_former_one(console: Console) -> None:
    viewer = await _person(console, Role.VIEWER)
    shown = await console.admin.post(f"/admin/people/{viewer.id}/password")
    password = _value(shown.text, "person-password")
    assert (await console.viewer.get("/account")).status_code == 303
    for tried, status in ((PASSWORD, 422), (password, 303)):
        answer = await console.viewer.post("/sign-in", data={"email": viewer.email, "password": tried})
        assert answer.status_code == status


async def test_an_administrator_signs_anybody_out(console: Console) -> None:
    editor = await _person(console, Role.EDITOR)
    listed = (await console.admin.get("/admin/sessions")).text
    ending = re.search(rf'action="(/admin/people/{editor.id}/sessions/[^"]+/end)"', listed)
    assert ending
    await console.admin.post(ending.group(1))
    assert (await console.editor.get("/account")).status_code == 303
    viewer = await _person(console, Role.VIEWER)
    await console.admin.post(f"/admin/people/{viewer.id}/sessions/end")
    assert (await console.viewer.get("/account")).status_code == 303
    assert (await console.admin.get("/account")).status_code == 200


async def test_a_key_is_shown_once_opens_the_api_and_is_revoked(console: Console) -> None:
    form = {"kind": "integration", "name": "Nightly import", "days": "30"}
    made = await console.admin.post("/admin/api-keys/new", data=form)
    assert made.status_code == 201
    secret = _value(made.text, "secret")
    key = (await console.ports.db.read(views.list_keys, console.tenant))[0]
    assert (key.kind, (key.expires_at - key.created_at).days) == (KeyKind.INTEGRATION, 30)
    assert secret not in (await console.admin.get("/admin/api-keys")).text
    async with open_browser(console.app) as machine:
        machine.headers.update({"X-API-TOKEN": secret, "Accept": "application/json"})
        assert (await machine.get("/api/v1/tenant")).status_code == 200
        assert (await machine.get("/admin/people")).status_code == 403
        await console.admin.post(f"/admin/api-keys/{key.id}/revoke")
        assert (await machine.get("/api/v1/tenant")).status_code == 401


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "integration", "name": " "}, "name"),
        ({"kind": "agent", "name": "One", "scope": "a\nb"}, "scope"),
        ({"kind": "gateway", "name": "One", "scope": ""}, "scope"),
        ({"kind": "integration", "name": "One", "days": "181"}, "days"),
        ({"kind": "integration", "name": "One", "days": "soon"}, "days"),
    ],
)
async def test_a_key_that_cannot_be_made_says_why(console: Console, form: dict[str, str], field: str) -> None:
    refused = await console.admin.post("/admin/api-keys/new", data=form)
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert await console.ports.db.read(views.list_keys, console.tenant) == []


async def test_a_service_account_is_revealed_only_after_the_password_was_given_again(
    console: Console, clock: ManualClock
) -> None:
    made = await console.admin.post("/admin/service-accounts", data={"name": "Qualtrics"})
    username, password = _value(made.text, "username"), _value(made.text, "service-password")
    account = (await console.ports.db.read(views.list_accounts, console.tenant))[0]
    address = f"/admin/service-accounts/{account.id}/password"
    fresh = await console.admin.get(address)
    assert "Your own password" not in text_of(fresh.text), "it was given when signing in, a moment ago"
    clock.advance(5 * 60 + 1)
    asked = await console.admin.get(address)
    assert "Your own password" in text_of(asked.text)
    assert password not in asked.text
    for typed in ("", "guess"):
        refused = await console.admin.post(address, data={"password": typed})
        assert refused.status_code == 422
        assert password not in refused.text
    shown = await console.admin.post(address, data={"password": PASSWORD})
    assert (_value(shown.text, "service-password"), shown.headers["cache-control"]) == (password, "no-store")
    assert "Service account revealed" in text_of((await console.admin.get("/admin/audit")).text)
    tenant = await console.ports.db.read(find_tenant, console.tenant)
    grant = {"client_id": tenant.client_id, "username": username, "password": password}
    assert (await console.admin.post("/oauth/token", data=grant)).status_code == 200
    await console.admin.post(f"/admin/service-accounts/{account.id}/revoke")
    assert (await console.admin.post("/oauth/token", data=grant)).status_code == 400
    assert (await console.admin.get(address)).status_code == 404


async def test_tenant_information_holds_what_the_task_asks_for(console: Console) -> None:
    page = (await console.admin.get("/admin/tenant")).text
    tenant = await console.ports.db.read(find_tenant, console.tenant)
    assert _value(page, "tenant-id") == tenant.guid
    assert _value(page, "client-id") == tenant.client_id
    assert _value(page, "token-url") == "http://test/opulse/B2C_1_ROPC_AUTH/oauth2/v2.0/token"
    assert _value(page, "cloud-url") == "test"


async def test_mail_is_opened_only_by_somebody_who_ticked_what_it_means(console: Console) -> None:
    means = text_of((await console.admin.get("/admin/tenant/open-mail")).text)
    assert "One activation asks at most 10,000 people." in means
    await console.admin.post("/admin/tenant/open-mail")
    assert not (await console.ports.db.read(find_tenant, console.tenant)).mail_open
    await console.admin.post("/admin/tenant/open-mail", data={"understood": "on"})
    assert (await console.ports.db.read(find_tenant, console.tenant)).mail_open
    await console.admin.post("/admin/tenant/mail/close")
    assert not (await console.ports.db.read(find_tenant, console.tenant)).mail_open


async def test_all_mail_is_paused_resumed_and_released(console: Console) -> None:
    await change_tenant(console.ports, console.tenant, "test", hold_after_restore=True)
    assert "Sending is held after a restore" in text_of((await console.admin.get("/admin/tenant")).text)
    for switch, paused, held in (("pause", True, True), ("resume", False, True), ("release", False, False)):
        await console.admin.post(f"/admin/tenant/mail/{switch}")
        tenant = await console.ports.db.read(find_tenant, console.tenant)
        assert (tenant.mail_paused, tenant.hold_after_restore) == (paused, held)
        assert ("Mail is paused" in text_of((await console.viewer.get("/")).text)) is paused
    for browser in (console.editor, console.viewer):
        assert (await browser.post("/admin/tenant/mail/pause")).status_code == 403


async def test_limits_are_saved_or_their_fault_is_named(console: Console) -> None:
    good = {
        "name": "Acme",
        "allow_list": "Maya@Example.org\n@acme.example",
        "cap_per_activation": "500",
        "confirm_above": "0",
    }
    refused = await console.admin.post(
        "/admin/tenant", data={**good, "allow_list": "maya", "confirm_above": "many"}
    )
    assert refused.status_code == 422
    assert 'href="#allow_list"' in refused.text
    assert 'href="#confirm_above"' in refused.text
    await console.admin.post("/admin/tenant", data=good)
    tenant = await console.ports.db.read(find_tenant, console.tenant)
    assert tenant.allow_list == ("maya@example.org", "@acme.example")
    assert (tenant.cap_per_activation, tenant.confirm_above) == (500, 0)


async def test_the_trail_is_read_page_by_page(console: Console) -> None:
    for number in range(60):
        await change_tenant(console.ports, console.tenant, "test", cap_per_activation=number)
    first = await console.admin.get("/admin/audit")
    assert "cap per activation: 58 → 59" in text_of(first.text)
    older = re.search(r'href="(/admin/audit\?before=\d+)"', first.text)
    assert older
    second = text_of((await console.admin.get(older.group(1))).text)
    assert "Tenant created" in second
    assert "58 → 59" not in second


async def test_another_tenants_people_keys_and_accounts_are_not_found(console: Console) -> None:
    async with open_console(console.ports, "Umbrella", "umbrella.example") as other:
        await other.admin.post("/admin/service-accounts", data={"name": "Theirs"})
        await other.admin.post("/admin/api-keys/new", data={"kind": "systems", "name": "Theirs"})
        person = await _person(other, Role.EDITOR)
        key = (await other.ports.db.read(views.list_keys, other.tenant))[0]
        account = (await other.ports.db.read(views.list_accounts, other.tenant))[0]
        answers = [
            await console.admin.get(f"/admin/people/{person.id}"),
            await console.admin.post(f"/admin/people/{person.id}", data={"role": "viewer"}),
            await console.admin.post(f"/admin/people/{person.id}/password"),
            await console.admin.post(f"/admin/people/{person.id}/sessions/end"),
            await console.admin.post(f"/admin/api-keys/{key.id}/revoke"),
            await console.admin.get(f"/admin/service-accounts/{account.id}/password"),
            await console.admin.post(f"/admin/service-accounts/{account.id}/password"),
            await console.admin.post(f"/admin/service-accounts/{account.id}/revoke"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 8
        listed = text_of((await console.admin.get("/admin/people")).text)
        assert "umbrella.example" not in listed
        assert (await other.editor.get("/account")).status_code == 200
