"""Merge rules on what is added, duplicates by them, and contacts that become one. The same on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import ChangeKind, RuleKind, leave_in, views
from opulse.experience.directory.flow.lists import add_members
from opulse.experience.directory.flow.merging import merge_contacts, set_merge_rules
from opulse.experience.directory.flow.people import edit_contact, import_contacts
from opulse.experience.directory.flow.reading import lists_of_contact
from opulse.experience.directory.models import ListRefused
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.jobs import on_contacts_merged
from opulse.jobs import Job
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle
from tests.unit.experience.distributions.town import DAY, build_town

pytestmark = pytest.mark.stores


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def rules(folk: Folk, *wanted: tuple[str, ...]) -> None:
    await set_merge_rules(folk.ports, folk.tenant, folk.directory, wanted, "test")


async def take(folk: Folk, *rows: dict[str, Any]) -> tuple[int, int]:
    folk.clock.advance(1)
    taken = await import_contacts(folk.ports, folk.tenant, folk.directory, rows)
    return taken.created, taken.updated


async def test_all_fields_of_a_rule_must_match_and_rules_are_tried_in_turn(folk: Folk) -> None:
    await rules(folk, ("last_name", "phone"), ("email",))
    await take(folk, {"last_name": "Lee", "phone": "1", "email": "a@x.example"})
    assert await take(folk, {"last_name": "LEE", "phone": "1", "email": "b@x.example"}) == (0, 1)
    assert await take(folk, {"last_name": "Lee", "phone": "2", "email": "c@x.example"}) == (1, 0)
    assert await take(folk, {"last_name": "Roe", "phone": "1", "email": "C@x.example"}) == (0, 1)
    assert await take(folk, {"last_name": "Lee", "email": "d@x.example"}) == (1, 0), (
        "no phone: that rule is skipped"
    )
    assert sorted(one.email for one in await folk.contacts()) == ["C@x.example", "b@x.example", "d@x.example"]


async def test_rows_of_one_file_meet_by_the_same_rules(folk: Folk) -> None:
    await rules(folk, ("first_name", "last_name"))
    rows = [{"first_name": "Ann", "last_name": "Lee", "email": f"{number}@x.example"} for number in range(3)]
    assert await take(folk, *rows) == (1, 0)
    [ann] = await folk.contacts()
    assert ann.email == "2@x.example"


async def test_without_rules_everybody_is_new(folk: Folk) -> None:
    await rules(folk)
    for _ in range(2):
        assert await take(folk, {"email": "a@x.example", "ext_ref": "A"}) == (1, 0)


async def test_rules_that_would_merge_strangers_are_refused(folk: Folk) -> None:
    for wanted, words in (
        ([("email",)] * 4, "at most 3"),
        ([("language",)], "cannot identify"),
        ([("last_name",)], "strangers"),
    ):
        with pytest.raises(ListRefused, match=words):
            await rules(folk, *wanted)


async def test_duplicates_are_found_by_each_rule(folk: Folk, ports: Ports) -> None:
    await rules(folk)
    people = (("a@x.example", "1"), ("A@x.example", "2"), ("b@x.example", "2"), ("", "3"))
    await take(folk, *({"email": email, "ext_ref": ref} for email, ref in people))
    found = await ports.db.read(views.list_duplicates, folk.tenant, folk.directory, ("email",), 10)
    assert [(one.values, len(one.contacts)) for one in found] == [(("a@x.example",), 2)]
    found = await ports.db.read(views.list_duplicates, folk.tenant, folk.directory, ("ext_ref",), 10)
    assert [one.values for one in found] == [("2",)]
    assert (
        await ports.db.read(views.list_duplicates, folk.tenant, folk.directory, ("email", "ext_ref"), 10)
        == []
    )


async def test_the_oldest_survives_with_the_newest_values(folk: Folk, ports: Ports) -> None:
    await folk.watch("site")
    [ann] = await folk.add("ann", embedded={"site": "Oslo", "floor": "1"}, phone="1")
    [old] = await folk.add("old", embedded={"site": "Rome"}, unsubscribed=True)
    await add_members(ports, folk.tenant, folk.list_id, [old])
    await ports.db.write(leave_in, folk.tenant, old, folk.list_id, "by link", folk.clock.now())
    folk.clock.advance(1)
    await edit_contact(ports, folk.tenant, folk.directory, ann, {"last_name": "Lee"}, {})
    folk.clock.advance(1)
    await edit_contact(ports, folk.tenant, folk.directory, old, {"first_name": "Anna"}, {})
    folk.clock.advance(1)
    survivor = await merge_contacts(ports, folk.tenant, folk.directory, [old, ann], "test")
    assert (survivor.id, survivor.first_name, survivor.last_name) == (ann, "Anna", "Lee")
    assert (survivor.email, survivor.phone, survivor.unsubscribed) == ("old@example.org", "1", True)
    assert dict(survivor.embedded) == {"site": "Rome", "floor": "1"}
    assert [left for _, left in await ports.db.read(lists_of_contact, folk.tenant, ann)] == [True]
    assert len(await folk.contacts()) == 1
    assert await ports.db.read(views.count_contacts, folk.tenant, folk.directory) == 1
    assert await ports.db.read(views.find_survivor, folk.tenant, folk.directory, old) == ann
    kinds = [(await folk.groups(one))[0].kind for one in (await folk.announced())[-2:]]
    assert kinds == [ChangeKind.UPDATED, ChangeKind.DELETED]
    with pytest.raises(LookupError):
        await merge_contacts(ports, folk.tenant, folk.directory, [old, ann], "test")
    with pytest.raises(ListRefused):
        await merge_contacts(ports, folk.tenant, folk.directory, [ann, ann], "test")


async def test_what_the_others_were_asked_counts_for_the_survivor(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    first, second = town.people
    await ask(ports, town.request(workflow="WF_1", contact_ids=(second,)))
    clock.advance(60)
    survivor = await merge_contacts(ports, town.tenant, town.directory, [first, second], "test")
    payload = {"survivor": survivor.id, "others": [second if survivor.id == first else first]}
    job = Job(1, town.tenant, "contacts.merged", payload, 1, clock.now(), "test")
    for _ in range(2):
        await on_contacts_merged(ports, job)
    result = await ask(ports, town.request(workflow="WF_2", contact_ids=(survivor.id,)))
    assert result.asked == 0
    assert {row["contact"] for row in await town.rows()} == {survivor.id}
