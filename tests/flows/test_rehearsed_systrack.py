"""Our pulse against the SysTrack stand-in over real HTTP, one fault at a time and all at once: nobody lost, nobody twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from opulse.bridges.systrack import FetchRefused, Source, TokenKeeper, read_groups, read_sensors
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.pulses.ledger import LedgerState, ledger
from tests.unit.emulators.cloud import emulated
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

FAULTS = (
    "slow=10ms",
    "429=25%",
    "500=25%",
    "duplicate=50%",
    "reorder=20ms@50%",
    "truncate=25%",
    "expire-token=30%",
)
ALL = "slow=5ms@20%,429=10%,500=10%,duplicate=20%,reorder=10ms@20%,truncate=10%,expire-token=10%"
SMALL = {"page_size": 10}  # so that 100 people are many pages, and many chances for a fault


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock, page_size=10) as opened:
        yield opened


async def rehearse(
    pulse: Pulse, faults: str, people: int, *, key: bool = False, seed: int = 11, **options: Any
) -> Mapping[str, int]:
    """An incident of ``people`` people, and what went wrong on purpose meanwhile. Each is reached once."""
    async with emulated(faults, seed, pulse.clock, systems=people, **options) as (product, bench):
        named = AddressPolicy.of(origins=[bench.url.removeprefix("http://")], networks=["127.0.0.0/8"])
        http = OutboundClient(named, pulse.clock)
        given = pulse.ports
        pulse.ports = replace(given, http=http)
        try:
            await _ask_all(pulse, product, bench.url, people, key=key)
        finally:
            await http.aclose()
            pulse.ports = given
        return dict(bench.recorder.faults)


async def _ask_all(pulse: Pulse, product: Any, url: str, people: int, *, key: bool) -> None:
    fields = {
        "api_token": product.cloud.options.password,
        "systrack_api_account": product.cloud.options.username,
    }
    form = {"token_url": product.token_url, "client_id": product.cloud.options.client_id}
    if key:
        fields, form = {"systrack_api_key": product.cloud.options.api_key}, {"token_url": "", "client_id": ""}
    account = {"name": "Stand-in", "fields": fields}
    pulse.account = (await pulse.api("POST", "/extensions/operational_pulse/accounts", account, 201))["id"]
    await pulse.receive(form={"cloud_url": url.removeprefix("http://"), "create_contacts": "true", **form})
    await pulse.listen(sensors=["Application Hang"])
    one = product.cloud.open_activation(["Application Hang"], people)
    systems = f"{url}/api/sensornotifications/activations/{one.id}/systems/atactivation"
    run = (await pulse.post(pulse.envelope(one.id, ["Application Hang"], systemsAtActivationURL=systems)))[
        "runId"
    ]
    state: dict[str, Any] = {}
    for _ in range(300):
        await pulse.work()
        state = await pulse.run(run)
        if state["state"] != "running":
            break
        await pulse.wait(5)
    assert state["state"] == "succeeded", state
    reached = await pulse.reached()
    assert set(reached.values()) == {"reached"}
    assert len(reached) == people, "a system was lost, or came twice"
    asked = await pulse.asked()
    assert len(asked) == people, "somebody was not asked"
    assert set(asked.values()) == {1}, "somebody was asked twice"
    found = await ledger(pulse.ports, pulse.tenant, one.id)
    assert found.total == people == sum(found.states.values()), "the ledger sums to the affected systems"
    # each has its invitation, and no mail has left yet; so many as 10,000 wait for somebody's yes in part
    assert set(found.states) <= {LedgerState.QUEUED, LedgerState.NEEDS_CONFIRMATION}


@pytest.mark.parametrize("faults", FAULTS)
async def test_with_this_fault_nobody_is_lost_and_nobody_asked_twice(pulse: Pulse, faults: str) -> None:
    met = await rehearse(pulse, faults, 100, **SMALL)
    assert met.get(faults.split("=", maxsplit=1)[0], 0) > 0, "the fault did come"


@pytest.mark.parametrize(
    "options",
    [{"shape": "array"}, {"shape": "value"}, {"shape": "items"}, {"users": "apart"}, {"users": "email"}],
    ids=lambda options: "-".join(options.values()),
)
async def test_every_shape_of_the_answer_is_read_with_every_fault(
    pulse: Pulse, options: dict[str, str]
) -> None:
    await rehearse(pulse, ALL, 40, **SMALL, **_typed(options))


async def test_the_lists_are_read_with_a_key_or_an_account(pulse: Pulse) -> None:
    """Also with answers that break off: the job is told to come again, and the next try has them whole."""
    async with emulated("", 1, pulse.clock, systems=1) as (product, bench):
        host, options = bench.url.removeprefix("http://"), product.cloud.options
        http = OutboundClient(AddressPolicy.of(origins=[host], networks=["127.0.0.0/8"]), pulse.clock)
        ports = replace(pulse.ports, http=http)
        by_key = Source("", host, "", "", "", options.api_key)
        by_account = Source(product.token_url, host, options.client_id, options.username, options.password)
        keeper = TokenKeeper()
        for source in (by_key, by_account):
            names = [one.name for one in await read_sensors(ports, keeper, source)]
            assert "Application Hang" in names
            assert len(names) > 100
            assert "All Systems" in [one.name for one in await read_groups(ports, keeper, source)]
        with pytest.raises(FetchRefused, match="the API key is not accepted"):
            await read_groups(ports, keeper, replace(by_key, api_key="old"))
        await http.aclose()


async def test_a_key_instead_of_a_service_account(pulse: Pulse) -> None:
    await rehearse(pulse, "429=20%", 30, key=True, **SMALL)


@pytest.mark.stores
async def test_every_fault_on_either_database(pulse: Pulse) -> None:
    await rehearse(pulse, ALL, 100, **SMALL)


@pytest.mark.long
@pytest.mark.stores
async def test_ten_thousand_people_with_every_fault(db: Database, clock: ManualClock) -> None:
    async with open_pulse(db, clock) as pulse:
        met = await rehearse(pulse, ALL, 10_000, page_size=100)
        print(f"10,000 people reached, one invitation each; faults met: {met}")  # noqa: T201  # the tally, for -s
        assert set(met) == {part.split("=")[0] for part in ALL.split(",")}, "every fault did come"


def _typed(options: Mapping[str, str]) -> dict[str, Any]:
    from opulse.emulators.systrack import Shape, UsersIn

    kinds: dict[str, Any] = {"shape": Shape, "users": UsersIn}
    return {name: kinds[name](value) for name, value in options.items()}


async def test_a_webhook_is_sent_again_until_it_is_taken_and_a_test_carries_no_x_test(
    clock: ManualClock,
) -> None:
    """Truncated, doubled, late, its answer lost: the receiver gets the whole one in the end, at least once."""
    from tests.unit.outbound.loopback import answer, running

    async with running() as receiver:

        async def reply(asked: Any) -> bytes:
            return answer(202 if asked.body.endswith(b"}") else 400, b"{}")

        receiver.reply = reply
        address = f"http://127.0.0.1:{receiver.port}/event"
        faults = "truncate=40%,duplicate=40%,500=40%,reorder=5ms"
        async with emulated(faults, 3, clock, send_to=address, systems=10) as (product, bench):
            ids = [product.cloud.open_activation(["Disk Full"], 5).id for _ in range(5)]
            for one in ids:
                product.webhooks.announce(product.cloud.activations[one])
            product.webhooks.test()
            await asyncio.wait_for(product.webhooks.settle(), 20)
            assert product.webhooks.given_up == []
            whole = [asked for asked in receiver.asked if asked.body.endswith(b"}")]
            for one in [*ids, "00000000-0000-0000-0000-000000000000"]:
                assert any(one.encode() in asked.body for asked in whole)
            assert len(receiver.asked) > 6, "some came more than once"
            assert all("x-test" not in asked.headers for asked in receiver.asked)
            assert {"truncate", "duplicate", "500"} <= set(bench.recorder.faults)
