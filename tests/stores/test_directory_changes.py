"""Change sets: one change that many contacts have in common, grouped by what conditions can read. The same on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from opulse.clock import ManualClock
from opulse.experience.directory import Cause, ChangeKind, Person, match_people_in, merge_embedded_in
from opulse.experience.directory.flow.alarms import clear_alarms
from opulse.experience.directory.flow.people import edit_contact
from opulse.experience.directory.jobs import on_alarms_clear_due
from opulse.experience.directory.store.changes import delete_old_changes_of
from opulse.experience.directory.views import change_groups, change_members, change_sets
from opulse.jobs import Job
from opulse.ports import Ports
from tests.unit.experience.directory.folk import ACTIVATION, LIFE, Folk, settle

pytestmark = pytest.mark.stores

ALARM = {
    "lastAlarm": ["Application Hang", "Disk Full"],
    "lastAlarmAt": "2026-11-23T12:00:00+00:00",
    "lastAlarmActivationId": ACTIVATION,
}


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def test_everybody_alike_is_one_group(folk: Folk) -> None:
    ids = await folk.add("ann", "ben", "cem")
    made = await folk.merge(ids, ALARM)
    change = await folk.change(made)
    assert (change.directory, change.count, change.patch) == (folk.directory, 3, ALARM)
    assert (change.cause.activation, change.cause.run, change.at) == (ACTIVATION, "RUN_1", folk.clock.now())
    [group] = await folk.groups(made)
    assert (group.kind, group.before, group.after, group.count) == (ChangeKind.UPDATED, {}, ALARM, 3)
    assert await folk.members(made, 0) == set(ids)
    assert await folk.announced() == [made]
    assert (await folk.contact("ann")).embedded == ALARM


async def test_what_was_there_before_makes_groups(folk: Folk) -> None:
    [ann, ben] = await folk.add("ann", "ben")
    [cem] = await folk.add("cem", embedded={"lastAlarm": ["Paged Pool Leak"]})
    [dee] = await folk.add("dee", embedded={"lastAlarm": []})
    made = await folk.merge([ann, ben, cem, dee], {"lastAlarm": ["Disk Full"]})
    groups = {str(group.before.get("lastAlarm")): group for group in await folk.groups(made)}
    assert {before: group.count for before, group in groups.items()} == {
        "None": 2,
        "['Paged Pool Leak']": 1,
        "[]": 1,
    }
    assert {str(group.after) for group in groups.values()} == {"{'lastAlarm': ['Disk Full']}"}
    assert await folk.members(made, groups["None"].number) == {ann, ben}
    assert await folk.members(made, groups["['Paged Pool Leak']"].number) == {cem}


async def test_watched_fields_make_groups_though_the_patch_does_not_touch_them(folk: Folk) -> None:
    await folk.watch("site", "Language", "lastAlarm")
    await folk.watch("tier", owner="WF_2")
    [ann] = await folk.add("ann", embedded={"site": "Oslo", "other": 1}, language="EN")
    [ben] = await folk.add("ben", embedded={"site": "Oslo", "other": 2}, language="EN")
    [cem] = await folk.add("cem", embedded={"site": "Oslo"}, language="DE")
    [dee] = await folk.add("dee", embedded={"site": "Lima", "tier": 1}, language="EN")
    [eve] = await folk.add("eve", embedded={"tier": True}, language="")
    made = await folk.merge([ann, ben, cem, dee, eve], {"lastAlarm": ["Disk Full"]})
    seen = {
        frozenset(await folk.members(made, group.number)): (dict(group.before), dict(group.after))
        for group in await folk.groups(made)
    }
    new = {"lastAlarm": ["Disk Full"]}
    expected: dict[frozenset[str], dict[str, Any]] = {
        frozenset({ann, ben}): {"site": "Oslo", "Language": "EN"},
        frozenset({cem}): {"site": "Oslo", "Language": "DE"},
        frozenset({dee}): {"site": "Lima", "Language": "EN", "tier": 1},
        frozenset({eve}): {"tier": True},
    }
    assert seen == {members: (before, before | new) for members, before in expected.items()}
    assert type(seen[frozenset({eve})][1]["tier"]) is bool, "true is not 1"


async def test_values_of_every_kind_come_back_as_they_were(folk: Folk) -> None:
    value = ["a", 'quo"te', "b\\c", "ünïcode ✓", "it's", 1, 2.5, True]
    await folk.watch("odd name $.x", "number", "yes", "FirstName")
    ids = await folk.add("ann", embedded={"odd name $.x": value, "number": 12.5, "yes": False})
    [group] = await folk.groups(await folk.merge(ids, {"lastAlarm": ["x"]}))
    assert group.before == {"odd name $.x": value, "number": 12.5, "yes": False, "FirstName": "Ann"}


async def test_a_field_named_like_our_own_mark_does_no_harm(folk: Folk) -> None:
    await folk.watch("_new", "_NEW", "key")
    ids = await folk.add("ann", embedded={"_new": 1, "key": "k"})
    [group] = await folk.groups(await folk.merge(ids, {"lastAlarm": ["x"]}))
    assert (group.kind, group.before) == (ChangeKind.UPDATED, {"_new": 1, "key": "k"})


async def test_more_watched_fields_than_a_function_takes_arguments(folk: Folk) -> None:
    names = [f"field {number}" for number in range(150)]
    await folk.watch(*names)
    ids = await folk.add("ann", "ben", embedded={names[0]: "first", names[149]: "last"})
    [group] = await folk.groups(await folk.merge(ids, {"lastAlarm": ["x"]}))
    assert group.before == {names[0]: "first", names[149]: "last"}
    assert group.count == 2


async def test_a_write_with_no_difference_makes_no_change(folk: Folk) -> None:
    ids = await folk.add("ann", "ben", embedded=ALARM)
    assert await folk.merge(ids, ALARM) is None
    assert await folk.merge(ids, {"lastAlarmAt": ALARM["lastAlarmAt"]}) is None
    assert await folk.merge([], ALARM) is None
    assert await folk.announced() == []


async def test_only_those_who_differ_are_in_the_change_set(folk: Folk) -> None:
    [ann] = await folk.add("ann", embedded=ALARM)
    [ben] = await folk.add("ben")
    made = await folk.merge([ann, ben], ALARM)
    assert (await folk.change(made)).count == 1
    assert await folk.members(made, *range(9)) == {ben}


async def test_an_empty_text_is_no_value(folk: Folk) -> None:
    """Else a pipe that found nothing would be a change of everybody, every time."""
    ids = await folk.add("ann")
    assert await folk.merge(ids, {"note": ""}) is None
    made = await folk.merge(ids, {"note": "x"})
    assert [group.after["note"] for group in await folk.groups(made)] == ["x"]
    emptied = await folk.merge(ids, {"note": ""})
    [group] = await folk.groups(emptied)
    assert (group.before["note"], "note" in group.after) == ("x", False)
    assert await folk.merge(ids, {"note": ""}) is None


async def test_contacts_made_in_the_same_unit_are_created(folk: Folk, ports: Ports) -> None:
    [old] = await folk.add("ann")
    people = [Person("CORP\\ann", "ann@example.org"), Person("CORP\\ben", "ben@example.org", "Ben")]
    now = folk.clock.now()

    def unit(conn: Connection) -> tuple[dict[str, str], str | None]:
        found = match_people_in(
            conn, folk.tenant, folk.directory, people, create=True, list_id=folk.list_id, now=now
        )
        ids = list(found.values())
        return found, merge_embedded_in(conn, folk.tenant, folk.directory, ids, ALARM, cause=Cause(), now=now)

    found, made = await ports.db.write(unit)
    kinds = {group.kind: group for group in await folk.groups(made)}
    assert await folk.members(made, kinds[ChangeKind.UPDATED].number) == {old}
    assert await folk.members(made, kinds[ChangeKind.CREATED].number) == {found["ben@example.org"]}
    assert (kinds[ChangeKind.CREATED].before, kinds[ChangeKind.CREATED].after) == ({}, ALARM)


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"Email": "x@example.org"}, "not Email"),
        ({"a": None}, "without nulls"),
        ({"a": {"b": 1}}, "flat"),
        ({"a": ["\0"]}, "NUL"),
    ],
)
async def test_patches_that_are_refused(folk: Folk, patch: dict[str, Any], why: str) -> None:
    ids = await folk.add("ann")
    with pytest.raises(ValueError, match=why):
        await folk.merge(ids, patch)


async def test_a_large_incident_is_as_many_rows_as_there_are_differences(folk: Folk, ports: Ports) -> None:
    names = [f"p{number}" for number in range(1_500)]
    ids = await folk.add(*names)
    made = await folk.merge(ids, ALARM)
    [group] = await folk.groups(made)
    assert group.count == 1_500
    assert len(await folk.members(made, 0)) == 1_500


async def test_another_tenants_contacts_are_out_of_reach(
    folk: Folk, ports: Ports, clock: ManualClock
) -> None:
    other = await settle(ports, clock, "Other")
    ids = await other.add("ann")
    assert await folk.merge(ids, ALARM) is None
    assert (await other.contact("ann")).embedded == {}


async def test_two_incidents_at_once_lose_nothing_of_each_other(folk: Folk) -> None:
    ids = await folk.add(*[f"p{number}" for number in range(40)])
    patches = [{f"field{number}": f"value{number}"} for number in range(6)]
    made = await asyncio.gather(
        *(
            folk.merge(list(reversed(ids)) if number % 2 else ids, patch)
            for number, patch in enumerate(patches)
        )
    )
    assert len({one for one in made if one}) == 6
    expected = {name: value for patch in patches for name, value in patch.items()}
    assert all(one.embedded == expected for one in await folk.contacts())


async def test_alarms_end_after_their_life_and_nobody_is_told(folk: Folk, ports: Ports) -> None:
    await folk.watch("lastAlarm")
    ids = await folk.add("ann", "ben", embedded={"site": "Oslo"})
    await folk.merge(ids, ALARM, alarm_life=LIFE)
    folk.clock.advance(3600)
    await folk.merge(ids[1:], {**ALARM, "lastAlarmAt": "later"}, alarm_life=LIFE)
    announced = await folk.announced()
    folk.clock.advance(LIFE.total_seconds() - 3600)
    assert await ports.db.write(clear_alarms, folk.clock.now()) == 1
    assert (await folk.contact("ann")).embedded == {"site": "Oslo"}
    assert (await folk.contact("ben")).embedded["lastAlarmAt"] == "later", (
        "a newer alarm begins a life of its own"
    )
    folk.clock.advance(3601)
    assert await ports.db.write(clear_alarms, folk.clock.now()) == 1
    assert (await folk.contact("ben")).embedded == {"site": "Oslo"}
    assert await ports.db.write(clear_alarms, folk.clock.now()) == 0
    assert await folk.announced() == announced


async def test_the_chore_clears_all_alarms_in_steps(
    folk: Folk, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await folk.merge(await folk.add(*[f"p{number}" for number in range(25)]), ALARM, alarm_life=LIFE)
    folk.clock.advance(LIFE.total_seconds())
    job = Job(1, 0, "alarms.clear_due", {}, 1, folk.clock.now(), "test")
    assert await ports.db.write(clear_alarms, folk.clock.now(), 10) == 10
    await on_alarms_clear_due(ports, job)
    assert {str(one.embedded) for one in await folk.contacts()} == {"{}"}


async def test_a_patch_that_is_no_alarm_has_no_end(folk: Folk, ports: Ports) -> None:
    await folk.merge(await folk.add("ann"), {"note": "x"})
    folk.clock.advance(timedelta(days=400).total_seconds())
    assert await ports.db.write(clear_alarms, folk.clock.now()) == 0
    assert (await folk.contact("ann")).embedded == {"note": "x"}


async def test_old_changes_are_forgotten_with_their_groups_and_members(folk: Folk, ports: Ports) -> None:
    ids = await folk.add("ann", "ben")
    await folk.merge(ids, ALARM)
    limit = folk.clock.now() + timedelta(seconds=0.5)
    kept = await folk.merge(ids, {"lastAlarm": ["x"]})

    def count(conn: Connection) -> list[int]:
        tables = (change_sets, change_groups, change_members)
        return [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    assert await ports.db.write(delete_old_changes_of, folk.tenant, limit, 10) == 1
    assert await ports.db.read(count) == [1, 1, 2]
    assert (await folk.change(kept)).count == 2


async def test_an_edit_keeps_an_alarm_of_the_same_moment(folk: Folk, ports: Ports) -> None:
    """HR's nightly update must not write yesterday's document over an alarm that came while it was at work."""
    [ann] = await folk.add("ann")
    edits = [
        edit_contact(ports, folk.tenant, folk.directory, ann, {}, {f"hr{number}": number})
        for number in range(12)
    ]
    alarms = [folk.merge([ann], {f"alarm{number}": ["x"]}) for number in range(12)]
    await asyncio.gather(*(step for pair in zip(edits, alarms, strict=True) for step in pair))
    assert len((await folk.contact("ann")).embedded) == 24
