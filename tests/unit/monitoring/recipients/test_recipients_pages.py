"""The webhook form without script: headers, secrets, Test Webhook."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.web.roles import Role
from opulse.wire.signature import SIGNATURE_HEADER, verify_lakeside
from opulse.wire.webhook import OPERATIONAL_PULSE_BODY
from tests.unit.monitoring.activations.world import Receiver, Wing, open_wing


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def form(url: str, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "recipient_type": "System",
        "name": "Qualtrics",
        "connection": "Webhook",
        "url": url,
        "method": "POST",
        "authentication": "Off",
        "header_name": ["X-API-TOKEN", "X-Site"],
        "header_value": ["t0ken-value", "Berlin"],
        "sensitive": ["0"],
        "body": OPERATIONAL_PULSE_BODY.replace("\n", "\r\n"),  # as browsers send it
        "do": "save",
    }
    return given | changes


async def one(wing: Wing) -> dict[str, Any]:
    (found,) = (await wing.client.get("/api/v1/recipients")).json()["recipients"]
    return dict(found)


async def test_the_guides_recipient_is_added_and_its_token_never_shown_again(
    wing: Wing, receiver: Receiver
) -> None:
    async with wing.console() as client:
        assert OPERATIONAL_PULSE_BODY.splitlines()[1].strip() not in (await client.get("/recipients")).text
        answer = await client.post("/recipients/new", data=form(receiver.url))
        saved = await one(wing)
        target = f"/recipients/{saved['recipient_id']}/notifications"
        assert (answer.status_code, answer.headers["location"]) == (303, target), "the guide's next dialog"
        assert saved["body"] == OPERATIONAL_PULSE_BODY, (
            "byte for byte, whatever the browser made of the line breaks"
        )
        address = f"/recipients/{saved['recipient_id']}"
        page = (await client.get(f"{address}?edit=1")).text
        assert "t0ken-value" not in page
        assert "•••••••• kept" in page

        kept = form(receiver.url, header_value=["", "Munich"], kept=["0"])
        assert (await client.post(address, data=kept)).status_code == 303
        await client.post(
            address, data=form(receiver.url, do="test", header_value=["", "Munich"], kept=["0"])
        )
        (request,) = receiver.requests
        assert (request.headers["x-api-token"], request.headers["x-site"]) == ("t0ken-value", "Munich")


async def test_a_generated_secret_is_shown_once_and_signs(wing: Wing, receiver: Receiver) -> None:
    async with wing.console() as client:
        given = form(receiver.url, authentication="Signed Secret")
        answer = await client.post("/recipients/new", data=given)
        assert answer.status_code == 200
        shown = re.search(r'id="secret"[^>]*value="([^"]{43})"', answer.text)
        assert shown is not None
        address = f"/recipients/{(await one(wing))['recipient_id']}"
        assert shown[1] not in (await client.get(f"{address}?edit=1")).text
        await client.post(address, data=given | {"do": "test"})
        (request,) = receiver.requests
        assert verify_lakeside(shown[1], request.body, request.headers[SIGNATURE_HEADER])

        renewed = await client.post(address, data=given | {"do": "generate"})
        fresh = re.search(r'id="secret"[^>]*value="([^"]{43})"', renewed.text)
        assert fresh is not None
        assert fresh[1] != shown[1]
        await client.post(address, data=given | {"secret": fresh[1]})
        await client.post(address, data=given | {"do": "test"})
        request = receiver.requests[-1]
        assert verify_lakeside(fresh[1], request.body, request.headers[SIGNATURE_HEADER])


async def test_an_unsaved_form_is_tested_and_nothing_is_saved(wing: Wing, receiver: Receiver) -> None:
    async with wing.console() as client:
        page = await client.post("/recipients/new", data=form(receiver.url, do="test"))
        assert "The test was taken" in page.text
        assert "The receiver answered 200" in page.text
        assert json.loads(receiver.requests[0].body)["eventType"] == "SensorNotification.Activated"
        assert (await wing.client.get("/api/v1/recipients")).json() == {"recipients": []}
        receiver.statuses = [401]
        page = await client.post("/recipients/new", data=form(receiver.url, do="test"))
        assert "The test was not taken" in page.text


async def test_headers_are_added_and_removed(wing: Wing, receiver: Receiver) -> None:
    async with wing.console() as client:
        page = (await client.post("/recipients/new", data=form(receiver.url, do="add-header"))).text
        assert page.count('name="header_name"') == 3
        page = (await client.post("/recipients/new", data=form(receiver.url, do="remove-header:0"))).text
        assert page.count('name="header_name"') == 1
        assert 'value="X-Site"' in page


async def test_faults_stand_at_their_fields(wing: Wing) -> None:
    async with wing.console() as client:
        wrong = form("http://169.254.169.254/", name="")
        answer = await client.post("/recipients/new", data=wrong)
        assert answer.status_code == 422
        assert 'href="#url"' in answer.text
        answer = await client.post("/recipients/new", data=form("http://127.0.0.1:9/", body="{", name=""))
        assert 'href="#name"' in answer.text
        assert "with sample values it is not JSON" in answer.text
        answer = await client.post("/recipients/new", data=form("http://127.0.0.1:9/", connection="Pigeon"))
        assert answer.status_code == 422


async def test_a_recipient_in_use_leads_to_its_assignments_instead_of_being_deleted(wing: Wing) -> None:
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    notification = await wing.notify(recipients=[recipient])
    async with wing.console() as client:
        answer = await client.post(f"/recipients/{recipient}/delete")
        assert answer.headers["location"] == f"/recipients/{recipient}/notifications"
        await client.post(f"/notifications/{notification}/delete")
        answer = await client.post(f"/recipients/{recipient}/delete")
        assert answer.headers["location"] == "/recipients"


async def test_a_viewer_looks_and_changes_nothing(wing: Wing) -> None:
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    async with wing.console(Role.VIEWER) as viewer:
        assert (await viewer.get("/recipients")).status_code == 200
        assert "<fieldset disabled>" in (await viewer.get(f"/recipients/{recipient}?edit=1")).text
        for address in ("new", recipient, f"{recipient}/delete", f"{recipient}/notifications"):
            answer = await viewer.post(f"/recipients/{address}", data=form("http://127.0.0.1:9/"))
            assert answer.status_code == 403


async def test_a_template_fills_the_form_in_and_keeps_what_was_typed(wing: Wing, receiver: Receiver) -> None:
    async with wing.console() as client:
        page = (
            await client.post("/recipients/new", data=form(receiver.url, do="fill", template="servicenow"))
        ).text
        assert "correlation_id" in page
        assert "api/now/table/incident" in page, "its help says what goes where"
        assert re.search(r'value="Basic Auth"[^>]*checked', page)
        assert 'value="X-API-TOKEN"' in page
        assert 'value="Accept"' in page
        same = (
            await client.post("/recipients/new", data=form(receiver.url, do="fill", template="pigeon"))
        ).text
        assert "correlation_id" not in same


async def test_values_of_its_own_are_added_kept_and_removed(wing: Wing, receiver: Receiver) -> None:
    typed = {
        "body": '{"key": "@{routingKey}", "site": "@{site}"}',
        "value_name": ["routingKey", "site"],
        "value_value": ["R0UT1NGKEY", "Berlin"],
        "value_sensitive": ["0"],
    }
    async with wing.console() as client:
        page = (await client.post("/recipients/new", data=form(receiver.url, do="add-value", **typed))).text
        assert page.count('name="value_name"') == 3
        page = (
            await client.post("/recipients/new", data=form(receiver.url, do="remove-value:0", **typed))
        ).text
        assert page.count('name="value_name"') == 1
        assert (await client.post("/recipients/new", data=form(receiver.url, **typed))).status_code == 303
        address = f"/recipients/{(await one(wing))['recipient_id']}"
        page = (await client.get(f"{address}?edit=1")).text
        assert "R0UT1NGKEY" not in page
        kept = typed | {"value_value": ["", "Munich"], "value_kept": ["0"]}
        await client.post(address, data=form(receiver.url, do="test", kept=["0"], **kept))
        assert json.loads(receiver.requests[-1].body) == {"key": "R0UT1NGKEY", "site": "Munich"}


async def test_a_secret_address_is_shown_with_its_host_and_kept_when_left_empty(
    wing: Wing, receiver: Receiver
) -> None:
    secret = receiver.url + "/T000/s3cr3t"
    async with wing.console() as client:
        await client.post("/recipients/new", data=form(secret, url_sensitive="on"))
        address = f"/recipients/{(await one(wing))['recipient_id']}"
        for path in ("/recipients", f"{address}?edit=1"):
            page = (await client.get(path)).text
            assert "s3cr3t" not in page, path
            assert receiver.url.removesuffix("hook") + "…" in page, path
        again = form("", url_sensitive="on", do="test", header_value=["", "Berlin"], kept=["0"])
        await client.post(address, data=again)
        assert receiver.requests[-1].path == "/hook/T000/s3cr3t"
        refused = await client.post(address, data=form(""))
        assert refused.status_code == 422, "an address that is no secret any more has to be typed"


async def test_a_mail_recipient_has_no_webhook_to_test(wing: Wing) -> None:
    async with wing.console() as client:
        mail = form("", connection="Email", email="ada@example.org", do="test")
        assert "Only a webhook can be tested" in (await client.post("/recipients/new", data=mail)).text


async def test_it_is_switched_off_and_on_and_its_secret_rotated_by_an_editor(
    wing: Wing, receiver: Receiver
) -> None:
    recipient = await wing.recipient(receiver.url, authentication={"type": "Signed Secret"})
    address = f"/recipients/{recipient}"
    async with wing.console() as client:
        await client.post(f"{address}/disable")
        page = (await client.get(address)).text
        assert "Nothing is sent to it" in page
        assert "Somebody disabled it" in page
        assert "By a person" in (await client.get("/recipients")).text
        await client.post(f"{address}/enable")
        assert "Nothing is sent to it" not in (await client.get(address)).text
        shown = (await client.post(f"{address}/rotate-secret", data={"hours": "24"})).text
        assert "The old secret holds too until" in shown
        assert "x-lakeside-hmac-sha256-next" in shown
        answer = await client.post(f"{address}/rotate-secret", data={"hours": "24"})
        assert answer.headers["location"] == address
        assert "end that overlap first" in (await client.get(address)).text
        await client.post(f"{address}/end-overlap")
        assert "Rotate secret" in (await client.get(address)).text
        assert (await client.post(f"{address}/rotate-secret", data={"hours": "9" * 12})).status_code == 303
    async with wing.console(Role.VIEWER) as viewer:
        for verb in ("rotate-secret", "end-overlap", "enable", "disable"):
            assert (await viewer.post(f"{address}/{verb}", data={"hours": "24"})).status_code == 403
        assert "Rotate secret" not in (await viewer.get(address)).text
