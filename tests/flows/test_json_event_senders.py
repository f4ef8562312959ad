"""Who may send a JSON event: token, basic, signature, and events that are only looked at."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from opulse.bootstrap.app import make_app
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.workflows.views import runs
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from tests.servers.installation import browse, make_tenant
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores

PATH = "/inbound-event/v1/events/json/triggers"
SECRET = "a shared secret"


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.receive()
        yield opened


async def send(pulse: Pulse, body: Any, key: str = "", url: str = "", **headers: str) -> httpx2.Response:
    """From outside: with no credential but what is named."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with browse(make_app(pulse.ports, "experience"), key) as client:
        return await client.post(url or pulse.trigger_url, content=content, headers=headers)


async def stored(pulse: Pulse) -> list[dict[str, Any]]:
    return await pulse.rows(runs)


async def _other_key(pulse: Pulse, kind: KeyKind = KeyKind.INTEGRATION) -> str:
    _, secret = await issue_key(pulse.ports, pulse.tenant, kind, "test", "test", ["g"])
    return secret


def _basic(password: str, name: str = "qualtrics-user") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def test_an_api_token_where_the_event_wants_one(pulse: Pulse) -> None:
    await pulse.receive(event={"authentication": "token"})
    key = await _other_key(pulse)
    _, foreign = await make_tenant(pulse.ports, "Other")
    agent = await _other_key(pulse, KeyKind.AGENT)
    for wrong in ("", "nonsense", foreign, agent):
        assert (await send(pulse, pulse.envelope(), wrong)).status_code == 401
    assert (await send(pulse, pulse.envelope(), **_basic(key))).status_code == 401
    assert await stored(pulse) == []
    assert (await send(pulse, pulse.envelope(), key)).status_code == 202


async def test_basic_where_the_event_wants_it(pulse: Pulse) -> None:
    await pulse.receive(event={"authentication": "basic"})
    key = await _other_key(pulse)
    _, foreign = await make_tenant(pulse.ports, "Other")
    for wrong in (
        {},
        _basic("nonsense"),
        _basic(foreign),
        {"Authorization": "Basic %%%"},
        {"Authorization": f"Bearer {key}"},
    ):
        assert (await send(pulse, pulse.envelope(), **wrong)).status_code == 401
    assert (await send(pulse, pulse.envelope(), key)).status_code == 401
    assert (await send(pulse, pulse.envelope(), **_basic(key))).status_code == 202


async def test_a_signed_body_where_the_event_wants_one(pulse: Pulse) -> None:
    await pulse.receive(event={"authentication": "hmac", "secret": SECRET})
    body = json.dumps(pulse.envelope()).encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    header = "x-lakeside-hmac-sha256"
    for wrong in ("", "nonsense", signature.swapcase()):
        assert (await send(pulse, body, **{header: wrong})).status_code == 401
    assert (await send(pulse, body + b" ", **{header: signature})).status_code == 401, (
        "one changed byte fails"
    )
    assert (await send(pulse, body, **{header: signature})).status_code == 202


async def test_a_shared_secret_is_never_shown_and_survives_an_edit(pulse: Pulse) -> None:
    workflow = await pulse.receive(event={"authentication": "hmac", "secret": SECRET})
    shown = await pulse.api("GET", f"/workflows/{workflow}")
    assert SECRET not in json.dumps(shown)
    assert "sealed" not in json.dumps(shown)
    document = shown["document"] | {"name": "Renamed"}
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    body = json.dumps(pulse.envelope()).encode()
    assert (await send(pulse, body)).status_code == 401, "it still wants the signature"


async def test_a_test_event_is_looked_at_and_not_run(pulse: Pulse) -> None:
    answer = await send(pulse, pulse.envelope(), **{"X-Test": "1"})
    assert answer.status_code == 200
    assert answer.json()["result"] == {
        "test": True,
        "fields": {
            "Systems URL": pulse.cloud.systems_url(),
            "Sensor Names": ["Application Hang", "Disk Full"],
        },
    }
    assert await stored(pulse) == []
    assert (await send(pulse, pulse.envelope())).status_code == 202, "and does not count as the event"


async def test_a_test_event_must_prove_itself_too(pulse: Pulse) -> None:
    await pulse.receive(event={"authentication": "token"})
    assert (await send(pulse, pulse.envelope(), **{"X-Test": "1"})).status_code == 401


async def test_another_tenants_events_are_its_own(pulse: Pulse) -> None:
    """The address decides whose it is: the sender's key belongs to somebody else and is not asked for."""
    _, foreign = await make_tenant(pulse.ports, "Other")
    assert (await send(pulse, pulse.envelope(), foreign)).status_code == 202
    [run] = await stored(pulse)
    assert run["tenant"] == pulse.tenant
