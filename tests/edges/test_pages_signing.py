"""Signing in and out, the own account, and what a session cookie is worth."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.people import change_person
from opulse.tenancy.models import FAILURES_ALLOWED
from opulse.tenancy.pages.signing import own_path
from opulse.web.access import Role
from opulse.web.csrf import SESSION_COOKIE
from tests.edges.console import PASSWORD, Console, address_of, open_browser, own_app, text_of


async def _sign_in(browser: httpx2.AsyncClient, password: str = PASSWORD, **fields: str) -> httpx2.Response:
    return await browser.post(
        "/sign-in", data={"email": address_of(Role.ADMIN), "password": password, **fields}
    )


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("/workflows?x=1", "/workflows?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_on_to_another_site(asked: str, taken: str) -> None:
    assert own_path(asked) == taken


async def test_a_page_sends_to_the_form_and_the_form_sends_back(console: Console) -> None:
    async with open_browser(console.app) as browser:
        asked = await browser.get("/admin/people")
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/admin/people")
        form = await browser.get(asked.headers["location"])
        assert 'name="next" value="/admin/people"' in form.text
        done = await _sign_in(browser, next="/admin/people")
        assert done.headers["location"] == "/admin/people"
        cookie = done.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", "Path=/"):
            assert part in cookie
        assert "Secure" not in cookie, "the tests' own address is plain http"
        assert (await browser.get("/sign-in?next=/account")).headers["location"] == "/account"


async def test_behind_https_the_cookie_is_secure(console: Console) -> None:
    app = own_app(replace(console.ports, public_url="https://pulse.example.org"))
    async with open_browser(app) as browser:
        assert "Secure" in (await _sign_in(browser)).headers["set-cookie"]


async def test_a_wrong_password_and_an_unknown_address_read_the_same(console: Console) -> None:
    async with open_browser(console.app) as browser:
        wrong = await _sign_in(browser, "not the password")
        unknown = await browser.post("/sign-in", data={"email": "nobody@example.org", "password": "x"})
    assert wrong.status_code == unknown.status_code == 422
    words = "This address and password do not belong together."
    assert words in text_of(wrong.text)
    assert words in text_of(unknown.text)
    assert SESSION_COOKIE not in browser.cookies


async def test_guessing_ends_after_some_tries_and_begins_again_later(
    console: Console, clock: ManualClock
) -> None:
    async with open_browser(console.app) as browser:
        for _ in range(FAILURES_ALLOWED):
            await _sign_in(browser, "guess")
        refused = await _sign_in(browser)
        assert refused.status_code == 429
        assert "Too many failed tries" in text_of(refused.text)
        clock.advance(15 * 60 + 1)
        assert (await _sign_in(browser)).status_code == 303


async def test_a_form_on_another_site_signs_nobody_in(console: Console) -> None:
    async with open_browser(console.app) as browser:
        browser.headers["Sec-Fetch-Site"] = "cross-site"
        assert (await _sign_in(browser)).status_code == 403
        assert SESSION_COOKIE not in browser.cookies


async def test_somebody_without_access_is_told_so(console: Console) -> None:
    everybody = await console.ports.db.read(views.list_people, console.tenant)
    viewer = next(one for one in everybody if one.role is Role.VIEWER)
    await change_person(console.ports, console.tenant, viewer.id, Role.VIEWER, True, "test")
    assert (await console.viewer.get("/account")).status_code == 303
    async with open_browser(console.app) as browser:
        form = {"email": viewer.email, "password": PASSWORD}
        refused = await browser.post("/sign-in", data=form)
    assert refused.status_code == 403
    assert "Your access was taken away" in text_of(refused.text)


async def test_signing_out_ends_the_session_in_the_table(console: Console) -> None:
    kept = console.viewer.cookies[SESSION_COOKIE]
    out = await console.viewer.post("/sign-out")
    assert out.headers["location"] == "/sign-in"
    async with open_browser(console.app) as browser:
        browser.cookies.set(SESSION_COOKIE, kept)
        assert (await browser.get("/account")).status_code == 303


async def test_another_password_needs_the_present_one_and_ends_every_session(console: Console) -> None:
    new = "another long password"
    fields = {"current": PASSWORD, "password": new, "again": new}
    for wrong, words in (
        ({"current": "guess"}, "This is not your current password."),
        ({"password": "short", "again": "short"}, "A password has at least 12 characters."),
        ({"again": "something else"}, "The two new passwords differ."),
    ):
        refused = await console.viewer.post("/account/password", data={**fields, **wrong})
        assert refused.status_code == 422
        assert words in text_of(refused.text)
    done = await console.viewer.post("/account/password", data=fields)
    assert done.headers["location"] == "/sign-in"
    assert (await console.viewer.get("/account")).status_code == 303
    again = await console.viewer.post("/sign-in", data={"email": address_of(Role.VIEWER), "password": new})
    assert again.status_code == 303


async def test_an_open_session_is_no_place_to_guess_the_password(console: Console) -> None:
    new = {"password": "another long password", "again": "another long password"}
    for _ in range(FAILURES_ALLOWED):
        await console.viewer.post("/account/password", data={"current": "guess", **new})
    refused = await console.viewer.post("/account/password", data={"current": PASSWORD, **new})
    assert "Too many failed tries" in text_of(refused.text)


async def test_my_sessions_are_listed_and_ended(console: Console) -> None:
    async with open_browser(console.app) as other:
        other.headers["User-Agent"] = "Browser at the library"
        await _sign_in(other)
        page = await console.admin.get("/account/sessions")
        assert "Browser at the library" in text_of(page.text)
        assert "192.0.2.7" in page.text
        ending = [line for line in page.text.split('action="') if line.startswith("/account/sessions/")]
        assert len(ending) == 1, "this browser's own session is ended by signing out"
        await console.admin.post(ending[0].split('"')[0])
        assert (await other.get("/account")).status_code == 303
    assert (await console.admin.get("/account")).status_code == 200


async def test_nobody_ends_somebody_elses_session_from_the_own_page(console: Console) -> None:
    everybody = await console.ports.db.read(views.list_tenant_sessions, console.tenant)
    theirs = next(session for session, email in everybody if email == address_of(Role.ADMIN))
    assert (await console.viewer.post(f"/account/sessions/{theirs.id}/end")).status_code == 404
    assert (await console.admin.get("/account")).status_code == 200


async def test_the_page_of_a_signed_in_person_says_who_they_are(console: Console, ports: Ports) -> None:
    page = await console.editor.get("/account")
    assert page.headers["cache-control"] == "no-store"
    words = text_of(page.text)
    assert address_of(Role.EDITOR) in words
    assert "Role Editor" in words
