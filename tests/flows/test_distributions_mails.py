"""Reminders, test mails, suppressions, the library and keys over HTTP: the JSON routes and the pages, by role."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from opulse.bootstrap.stages import import_stores
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.following import follow_up_due
from opulse.experience.distributions.models import MessageSpec
from opulse.mail.models import Relay, Security
from opulse.mail.shell import STARTER
from opulse.ports import Ports
from tests.edges.console import Console, open_console, text_of
from tests.servers.installation import browse, make_tenant
from tests.servers.smtp import SmtpSink
from tests.unit.experience.distributions.town import Town, build_town

import_stores()  # so that the database of the fixture has every table


@asynccontextmanager
async def signed_in(console: Console, role: str) -> AsyncIterator[httpx2.AsyncClient]:
    yield getattr(console, role)


def words_of(response: httpx2.Response) -> str:
    return text_of(response.text)


@pytest.fixture
async def console(ports: Ports) -> AsyncIterator[Console]:
    async with open_console(ports) as opened:
        yield opened


@pytest.fixture
async def town(ports: Ports, console: Console) -> Town:
    return await build_town(ports, 6, tenant=console.tenant)


async def begun(ports: Ports, town: Town) -> str:
    """A distribution whose mails the relay took."""
    made = await ask(ports, town.request(message=MessageSpec(subject="Slow?"), name="Pulse"))
    now = ports.clock.now()
    await town.change_invitations(state="accepted", next_try_at=None, sent_at=now, open_until=now)
    return made.distribution


async def test_a_reminder_is_planned_seen_and_ended_over_the_api(ports: Ports, console: Console) -> None:
    tenant, key = await make_tenant(ports, "Globex")
    town = await build_town(ports, 3, tenant=tenant)
    distribution = await begun(ports, town)
    async with browse(console.app, key) as client:
        address = f"/api/v1/distributions/{distribution}/follow-ups"
        made = await client.post(address, json={"kind": "reminder", "after_minutes": 60, "subject": "Still?"})
        assert made.status_code == 201
        assert (made.json()["number"], made.json()["state"]) == (1, "planned")
        again = await client.post(address, json={"kind": "reminder", "after_minutes": 60})
        assert again.status_code == 409
        assert "planned already" in again.json()["detail"]
        assert (await client.post(address, json={"kind": "invite", "after_minutes": 60})).status_code == 422
        ports.clock.advance(3600)  # type: ignore[attr-defined]
        assert await follow_up_due(ports) == 3
        (known,) = (await client.get(address)).json()
        child = (await client.get(f"/api/v1/distributions/{known['child']}")).json()
        assert (child["kind"], child["parent"], child["subject"]) == ("reminder", distribution, "Still?")
        assert child["statuses"] == {"Pending": 3}
        one = (await client.get(f"/api/v1/distributions/{known['child']}/invitations")).json()[0]
        assert one["of_invitation"]
        assert (await client.delete(f"{address}/{known['id']}")).status_code == 204
        assert (await client.get(address)).json()[0]["state"] == "ended"
        assert (await client.delete(f"{address}/FU_none")).status_code == 404


async def test_the_page_plans_shows_and_lists_in_groups(ports: Ports, console: Console, town: Town) -> None:
    distribution = await begun(ports, town)
    for number in range(3):  # three runs of one workflow on one day, without an activation
        request = town.request(run=f"RUN_{number}", message=MessageSpec(subject=str(number)), name="Single")
        await ask(ports, replace(request, activation="", workflow="WF_single"))
    async with signed_in(console, "editor") as editor:
        listed = words_of(await editor.get("/distributions"))
        assert "3 distributions of this day" in listed
        assert "Without a person's yes" in listed
        page = await editor.get("/distributions")
        link = page.text.split('href="/distributions/group?')[1].split('"')[0].replace("&amp;", "&")
        group = await editor.get(f"/distributions/group?{link}")
        assert group.text.count('<a href="/distributions/EMD_') == 3
        sent = await editor.post(
            f"/distributions/{distribution}/follow-ups",
            data={"kind": "reminder", "after": "2", "unit": "hours"},
        )
        assert sent.status_code == 303
        shown = words_of(await editor.get(f"/distributions/{distribution}"))
        assert "Reminder 1" in shown
        assert "Success" in shown, "the product's words for the recipients"
        bad = await editor.post(f"/distributions/{distribution}/follow-ups", data={"after": "soon"})
        assert "whole number" in words_of(await editor.get(bad.headers["location"]))


async def test_the_mail_is_shown_in_a_frame_that_runs_nothing(
    ports: Ports, console: Console, town: Town
) -> None:
    distribution = await begun(ports, town)
    async with signed_in(console, "viewer") as viewer:
        page = f"/distributions/{distribution}/mail"
        light = await viewer.get(page)
        assert "Hello Alex," in light.text.replace("<bdi>", "").replace("</bdi>", "")
        assert "sandbox" in light.headers["content-security-policy"]
        assert "/s/" in light.text, "its button shows the survey"
        dark = await viewer.get(page, params={"look": "dark"})
        assert "@media all" in dark.text
        text = await viewer.get(page, params={"look": "text", "language": "de"})
        assert text.headers["content-type"].startswith("text/plain")
        assert "Guten Tag Alex," in text.text
        assert (await viewer.get("/distributions/EMD_none/mail")).status_code == 404
        assert (await viewer.post(f"/distributions/{distribution}/test-mail")).status_code == 403


async def test_a_test_mail_leaves_signed_and_counts_for_nothing(ports: Ports, smtp_sink: SmtpSink) -> None:
    relay = Relay("127.0.0.1", smtp_sink.port, Security.OFF)
    ports = replace(ports, relay=lambda: relay)
    async with open_console(ports) as console:
        town = await build_town(ports, 2, tenant=console.tenant)
        distribution = await begun(ports, town)
        before = await town.rows()
        async with signed_in(console, "admin") as admin:
            made = await admin.post(
                "/distributions/sender-domains/make",
                data={"domain": "example.org", "selector": "t1", "algorithm": "ed25519"},
            )
            assert made.status_code == 303
            page = await admin.get("/distributions/sender-domains")
            record = words_of(page)
            assert "t1._domainkey.example.org" in record
            key = page.text.split("/distributions/sender-domains/DK_")[1].split("/")[0]
            await admin.post(f"/distributions/sender-domains/DK_{key}/switch", data={"active": "true"})
            sent = await admin.post(
                f"/distributions/{distribution}/test-mail", data={"address": "tester@example.org"}
            )
            assert "The relay took the test mail" in words_of(await admin.get(sent.headers["location"]))
            refused = await admin.post(f"/distributions/{distribution}/test-mail", data={"address": "nobody"})
            assert "did not leave" in words_of(await admin.get(refused.headers["location"]))
        (mail,) = [one for one in smtp_sink.mails() if one.recipients == ("tester@example.org",)]
        assert str(mail.message["Subject"]).startswith("[Test] Slow? [OP-")
        assert "d=example.org; s=t1;" in str(mail.message["DKIM-Signature"])
        assert await town.rows() == before


async def test_a_key_is_made_switched_and_forgotten_over_the_api(ports: Ports, console: Console) -> None:
    _, key = await make_tenant(ports, "Globex")
    async with browse(console.app, key) as client:
        body = {"domain": "Example.ORG", "selector": "a", "algorithm": "rsa"}
        made = await client.post("/api/v1/domain-keys", json=body)
        assert made.status_code == 201
        assert (made.json()["domain"], made.json()["active"]) == ("example.org", False)
        assert "PRIVATE" not in made.text
        assert (await client.post("/api/v1/domain-keys", json=body)).status_code == 422
        for wrong in ({"domain": "no domain"}, {"selector": "not one"}):
            refused = await client.post("/api/v1/domain-keys", json={**body, **wrong})
            assert refused.status_code == 422
        address = f"/api/v1/domain-keys/{made.json()['id']}"
        assert (await client.put(address, json={"active": True})).json()["active"] is True
        records = (await client.get("/api/v1/dns-records")).json()
        kinds = {(one["name"], one["kind"]) for one in records if one["domain"] == "example.org"}
        assert ("a._domainkey.example.org", "TXT") in kinds
        assert ("_dmarc.example.org", "TXT") in kinds
        assert any(one["text"].startswith("v=spf1") for one in records)
        assert (await client.delete(address)).status_code == 204
        assert (await client.delete(address)).status_code == 404


async def test_suppressions_are_listed_added_lifted_and_taken_home(
    ports: Ports, console: Console, town: Town
) -> None:
    request = town.request()
    await ask(ports, request)
    async with signed_in(console, "editor") as editor:
        await editor.post("/distributions/suppressions/add", data={"email": "USER0@example.org"})
        assert (await town.states())["spared:complained"] == 1, "what waits for the address is not sent"
        assert "user0@example.org" in words_of(await editor.get("/distributions/suppressions"))
        table = list(
            csv.DictReader(io.StringIO((await editor.get("/distributions/suppressions/list.csv")).text))
        )
        assert [(row["email"], row["rule"]) for row in table] == [("user0@example.org", "complained")]
        assert table[0]["since"].endswith("Z")
        bad = await editor.post("/distributions/suppressions/add", data={"email": "nobody"})
        assert "no e-mail address" in words_of(await editor.get(bad.headers["location"]))
        await editor.post("/distributions/suppressions/lift", data={"email": "user0@example.org"})
        assert "No address is suppressed" in words_of(await editor.get("/distributions/suppressions"))
    async with signed_in(console, "viewer") as viewer:
        assert (await viewer.get("/distributions/suppressions")).status_code == 403


async def test_the_history_is_a_table_without_formulas_and_without_names_for_viewers(
    ports: Ports, console: Console, town: Town
) -> None:
    await town.change(town.people[:1], first_name="=1+1")
    distribution = await begun(ports, town)
    async with signed_in(console, "editor") as editor, signed_in(console, "viewer") as viewer:
        mine = rows_of(await editor.get(f"/distributions/{distribution}/history.csv"))
        assert len(mine) == 6
        assert {row["status"] for row in mine} == {"Success"}
        assert [row["first_name"] for row in mine if row["contact"] == town.people[0]] == ["'=1+1"]
        theirs = rows_of(await viewer.get(f"/distributions/{distribution}/history.csv"))
        assert {(row["email"], row["first_name"]) for row in theirs} == {("", "")}
        assert (await editor.get("/distributions/EMD_none/history.csv")).status_code == 404


def rows_of(response: httpx2.Response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.text)))


async def test_a_message_and_a_look_are_saved_and_what_is_wrong_is_said(
    ports: Ports, console: Console
) -> None:
    async with signed_in(console, "editor") as editor:
        fields = {
            "name": "Hello",
            "category": "invite",
            "language": ["en", "de", ""],
            "subject": ["Slow?", "Langsam?", ""],
            "body": ["Is it slow?", "", ""],
        }
        made = await editor.post("/distributions/library/messages/new", data=fields)
        assert made.status_code == 303
        page = await editor.get(made.headers["location"])
        assert "Langsam?" in page.text
        bad = await editor.post("/distributions/library/messages/new", data={**fields, "name": ""})
        assert bad.status_code == 422
        assert "a name has" in words_of(bad)
        assert "Langsam?" in bad.text, "what was typed is still there"
        for source, words in (
            ("<mjml><mj-body>", "exactly once"),
            (STARTER.replace("<mj-column>", "<mj-colum>", 1), "is no element of MJML"),
            (STARTER.replace("<mj-body", "<mj-raw><script>x</script></mj-raw><mj-body"), "is not allowed"),
        ):
            refused = await editor.post(
                "/distributions/library/templates/new", data={"name": "Ours", "source": source}
            )
            assert refused.status_code == 422
            assert words in words_of(refused)
        saved = await editor.post(
            "/distributions/library/templates/new", data={"name": "Ours", "source": STARTER}
        )
        assert saved.status_code == 303
        listed = words_of(await editor.get("/distributions/library"))
        assert "Hello" in listed
        assert "Ours" in listed
        gone = await editor.post(f"{saved.headers['location']}/delete")
        assert gone.status_code == 303
        assert (await editor.get(saved.headers["location"])).status_code == 404


async def test_library_over_the_api(ports: Ports, console: Console) -> None:
    _, key = await make_tenant(ports, "Globex")
    async with browse(console.app, key) as client:
        body = {"name": "R", "category": "reminder", "texts": {"en": {"subject": "Still?", "body": "Please"}}}
        made = (await client.post("/api/v1/library-messages", json=body)).json()
        assert made["id"].startswith("MS_")
        found = await client.get("/api/v1/library-messages", params={"category": "reminder"})
        assert [one["id"] for one in found.json()] == [made["id"]]
        assert (await client.get("/api/v1/library-messages", params={"category": "invite"})).json() == []
        changed = await client.put(f"/api/v1/library-messages/{made['id']}", json={**body, "name": "S"})
        assert changed.json()["name"] == "S"
        assert (await client.post("/api/v1/library-messages", json={**body, "texts": {}})).status_code == 422
        assert (await client.delete(f"/api/v1/library-messages/{made['id']}")).status_code == 204
        assert (await client.get(f"/api/v1/library-messages/{made['id']}")).status_code == 404
        look = (await client.post("/api/v1/mail-templates", json={"name": "L", "source": STARTER})).json()
        assert (await client.get(f"/api/v1/mail-templates/{look['id']}")).json()["source"] == STARTER
        assert (
            await client.put("/api/v1/mail-templates/MT_none", json={"name": "L", "source": STARTER})
        ).status_code == 404
