"""A person is forgotten wholly, others not at all; what is old is forgotten by the terms. The same on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select, update

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import metadata
from opulse.experience.directory import set_watched_in, views
from opulse.experience.directory.flow.everywhere import set_opt_out_everywhere
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.people import delete_contact, edit_contact
from opulse.experience.directory.flow.transactions import TransactionRow, add_transactions
from opulse.experience.directory.models import SubscriptionOrigin
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.models import MailReason
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.privacy.flow.erasing import carry_out, erase, look_for
from opulse.experience.privacy.flow.retention import forget_of, set_terms
from opulse.experience.privacy.models import ErasureState, PrivacyRefused, Terms
from opulse.experience.privacy.views import find_erasure, find_terms
from opulse.experience.responses.store.tables import response_history
from opulse.experience.responses.views import responses
from opulse.experience.workflows.store.definitions import workflows
from opulse.experience.workflows.store.runs import runs, task_runs
from opulse.ports import Ports
from tests.unit.experience.distributions.town import Town, build_town
from tests.unit.experience.impact.incident import insert_row

pytestmark = pytest.mark.stores
import_stores()

ZOE = {"first_name": "Zoezebra", "last_name": "Zebrason", "phone": "+47zebra"}
ANSWERS = {"QID1": "2", "QID3_TEXT": "zebra wrote this", "QID2_4_TEXT": "zebra other"}


async def put(town: Town, table: Table, **values: Any) -> None:
    given = {"tenant": town.tenant, **values}
    await town.ports.db.write(insert_row, table, given, town.ports.clock.now())


async def build(ports: Ports, clock: ManualClock) -> Town:
    """A town of three; the first is called Zoe Zebra, was asked, has answered, and did all that leaves a trace."""
    town = await build_town(ports, 3)
    zoe = town.people[0]
    await ports.db.write(set_watched_in, town.tenant, town.directory, "WF_1", ["Email", "site"])
    fields = {**ZOE, "email": "zoe.zebra@x.example", "ext_ref": "CORP\\zebra"}
    await edit_contact(ports, town.tenant, town.directory, zoe, fields, {"site": "zebra street"})
    result = await ask(ports, town.request())
    wanted = Subscription(True, SubscriptionOrigin.OPERATOR, "t", town.list_id)
    await set_opt_out(ports, town.tenant, town.directory, zoe, wanted)
    await set_opt_out_everywhere(ports, town.tenant, town.directory, zoe, wanted)
    rows = [TransactionRow(one, clock.now(), {"note": "zebra bought"}) for one in town.people[:2]]
    await add_transactions(ports, town.tenant, town.directory, rows, "t")
    await put(town, workflows, id="WF_1")
    await put(town, runs, id="RUN_1", workflow="WF_1")
    await put(town, task_runs, id="TR_1", run="RUN_1")
    for number, row in enumerate(await town.rows()):
        at = {"started_at": clock.now(), "updated_at": clock.now(), "recorded_at": clock.now()}
        same = {"distribution": result.distribution, "answers": ANSWERS, "survey": town.survey}
        await put(
            town,
            responses,
            id=f"R_{number}",
            invitation=row["id"],
            individual=True,
            state="recorded",
            **same,
            **at,
        )
        await put(town, response_history, response=f"R_{number}", revision=1, answers=ANSWERS)
        await put(
            town, reach, task_run="TR_1", system=f"S{number}", person=row["email_key"], contact=row["contact"]
        )
    await put(town, reach, task_run="TR_1", system="S9", person="corp\\zebra", contact="")
    return town


def rows_of(conn: Connection, tenant: int) -> dict[str, list[str]]:
    """Every row of the tenant in every table, as text."""
    return {
        table.name: [
            json.dumps(dict(row._mapping), default=str)
            for row in conn.execute(select(table).where(table.c.tenant == tenant))
        ]
        for table in metadata.sorted_tables
        if "tenant" in table.c
    }


async def forget(town: Town, *keys: str) -> dict[str, int]:
    made = await erase(town.ports, town.tenant, keys, "olga")
    await carry_out(town.ports, town.tenant, made.id)
    await carry_out(town.ports, town.tenant, made.id)
    done = await town.ports.db.read(find_erasure, town.tenant, made.id)
    assert done is not None
    assert (done.state, done.keys) == (ErasureState.DONE, ())
    return dict(done.report)


async def test_nothing_of_the_wing_names_an_erased_person(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports, clock)
    before = await ports.db.read(rows_of, town.tenant)
    assert {name for name, rows in before.items() if any("zebra" in row.lower() for row in rows)} >= {
        "contacts",
        "invitations",
        "responses",
        "response_history",
        "reach",
        "transactions",
        "change_groups",
    }
    report = await forget(town, "Zoe.Zebra@x.example")
    after = await ports.db.read(rows_of, town.tenant)
    left = {
        name: [row for row in rows if "zebra" in row.lower()]
        for name, rows in after.items()
        if any("zebra" in row.lower() for row in rows)
    }
    others = {"responses", "response_history", "transactions"}  # texts and data of the other two people
    assert set(left) == others, left
    assert [len(left[name]) for name in sorted(others)] == [2, 2, 1]
    assert report["contacts"] == report["invitations"] == report["transactions"] == 1
    assert report["places in incidents"] == 2
    assert len(after["invitations"]) == len(before["invitations"]) == 3
    assert len(after["reach"]) == 4, "the ledger keeps its sum"
    assert await ports.db.read(views.count_contacts, town.tenant, town.directory) == 2


async def test_what_was_chosen_stays_and_leads_to_nobody(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports, clock)
    await forget(town, town.people[0])

    def answers(conn: Connection) -> dict[str, Any]:
        return {row.id: row.answers for row in conn.execute(select(responses))}

    found = await ports.db.read(answers)
    assert sorted(len(one) for one in found.values()) == [1, 3, 3]
    row = next(row for row in await town.rows() if row["contact"] == town.people[0])
    assert (row["email"], row["first_name"], row["fields"]) == ("", "", {})
    assert (row["state"], row["reason"]) == ("spared", "deleted"), "what waited is not sent"
    assert row["expires_at"] == clock.now()


async def test_who_was_deleted_before_is_found_by_the_address_of_old_mails(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build(ports, clock)
    await delete_contact(ports, town.tenant, town.directory, town.people[0])
    found = await look_for(ports, town.tenant, ["zoe.zebra@x.example"])
    assert (found.contacts, found.invitations, found.answers, found.reached) == (0, 1, 1, 1)
    report = await forget(town, "zoe.zebra@x.example", "corp\\ZEBRA")
    assert (report["invitations"], report["places in incidents"]) == (1, 2)
    again = await look_for(ports, town.tenant, ["zoe.zebra@x.example"])
    assert (again.invitations, again.unknown) == (0, ("zoe.zebra@x.example",))


async def test_nobody_or_too_many_are_refused(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 1)
    for keys in ([], [" "], [f"{number}@x.example" for number in range(501)]):
        with pytest.raises(PrivacyRefused):
            await erase(ports, town.tenant, keys, "t")


async def test_by_the_terms_answers_lose_their_way_back_and_their_texts(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build(ports, clock)
    terms = Terms()
    assert set((await forget_of(ports, town.tenant, terms)).values()) == {0}
    clock.advance(timedelta(days=31).total_seconds())
    assert (await forget_of(ports, town.tenant, terms))["answer_link"] == 3
    assert {row["reason"] for row in await town.rows()} == {MailReason.ANSWER_CUT}

    def links(conn: Connection) -> set[tuple[str, bool]]:
        return {(row.invitation, row.individual) for row in conn.execute(select(responses))}

    assert await ports.db.read(links) == {("", False)}

    def settle(conn: Connection) -> None:
        conn.execute(update(invitations).values(next_try_at=None))

    await ports.db.write(settle)
    clock.advance(timedelta(days=60).total_seconds())
    done = await forget_of(ports, town.tenant, terms)
    assert done["mail_log"] == 3
    assert done["changes"] >= 1
    assert {row["email"] for row in await town.rows()} == {""}
    clock.advance(timedelta(days=90).total_seconds())
    assert (await forget_of(ports, town.tenant, terms))["comments"] == 3
    assert set((await forget_of(ports, town.tenant, terms)).values()) == {0}


async def test_terms_are_the_tenants_and_0_is_without_end(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports, clock)
    await set_terms(ports, town.tenant, Terms(0, 0, 0, 0, 0), "t")
    assert await ports.db.read(find_terms, town.tenant) == Terms(0, 0, 0, 0, 0)
    clock.advance(timedelta(days=1_000).total_seconds())
    kept = await ports.db.read(find_terms, town.tenant)
    assert set((await forget_of(ports, town.tenant, kept)).values()) == {0}
    with pytest.raises(PrivacyRefused):
        await set_terms(ports, town.tenant, Terms(comments=-1), "t")
