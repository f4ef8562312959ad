"""Contacts come, are found again, change and go; opt-outs hold. The same on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.experience.directory import (
    Cause,
    ChangeKind,
    Person,
    match_people_in,
    stop_watching_in,
    views,
    watched_fields_in,
)
from opulse.experience.directory.flow.checking import ContactProblem
from opulse.experience.directory.flow.people import delete_contact, edit_contact, import_contacts
from opulse.experience.directory.store.subscriptions import set_in_directory, set_in_list
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle

pytestmark = pytest.mark.stores


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def match(folk: Folk, *people: Person, create: bool = False) -> dict[str, str]:
    return await folk.ports.db.write(
        match_people_in,
        folk.tenant,
        folk.directory,
        people,
        create=create,
        list_id=folk.list_id,
        now=folk.clock.now(),
    )


async def members(folk: Folk) -> int:
    [found] = await folk.ports.db.read(views.list_lists, folk.tenant, folk.directory)
    return found.members


async def take(folk: Folk, *rows: dict[str, Any], **options: Any) -> Any:
    return await import_contacts(folk.ports, folk.tenant, folk.directory, rows, **options)


async def test_people_are_found_by_reference_then_by_address(folk: Folk) -> None:
    [ann, ben] = await folk.add("ann", "ben")
    found = await match(
        folk,
        Person("corp\\ANN", "ann.new@example.org"),
        Person("OTHER\\ben", " Ben@Example.ORG "),
        Person("CORP\\nobody", "nobody@example.org"),
        Person("", ""),
    )
    assert found == {"ann.new@example.org": ann, "ben@example.org": ben}
    assert await members(folk) == 2


async def test_the_reference_wins_over_the_address(folk: Folk) -> None:
    [ann, _] = await folk.add("ann", "ben")
    assert await match(folk, Person("CORP\\ann", "ben@example.org")) == {"ben@example.org": ann}


async def test_missing_people_are_made_where_the_pulse_says_so(folk: Folk) -> None:
    people = [Person("CORP\\ann", "Ann@example.org", "Ann", "Lee", "DE"), Person("CORP\\noaddress", "")]
    assert await match(folk, *people) == {}
    found = await match(folk, *people, create=True)
    assert set(found) == {"ann@example.org"}, "nobody is made who cannot be written to"
    [ann] = await folk.contacts()
    assert (ann.first_name, ann.last_name, ann.email, ann.ext_ref, ann.language) == (
        "Ann",
        "Lee",
        "Ann@example.org",
        "CORP\\ann",
        "DE",
    )
    assert await match(folk, *people, create=True) == found
    assert await members(folk) == 1


async def test_somebody_without_an_address_is_found_by_account(folk: Folk) -> None:
    await take(folk, {"ext_ref": "CORP\\ann"})
    [ann] = await folk.contacts()
    assert await match(folk, Person("corp\\ann", "")) == {"corp\\ann": ann.id}


async def test_two_incidents_at_once_make_a_person_once(folk: Folk) -> None:
    people = [Person(f"CORP\\p{number}", f"p{number}@example.org") for number in range(30)]
    found = await asyncio.gather(*(match(folk, *people[number:], create=True) for number in range(8)))
    assert len(await folk.contacts()) == 30
    assert all(one.items() <= found[0].items() for one in found)


async def test_imports_at_once_make_a_person_once(folk: Folk) -> None:
    rows = [{"email": f"p{number}@example.org"} for number in range(30)]
    taken = await asyncio.gather(*(take(folk, *rows) for _ in range(5)))
    assert len(await folk.contacts()) == 30
    assert sum(one.created for one in taken) == 30


async def test_a_deleted_contact_is_not_found_again(folk: Folk, ports: Ports) -> None:
    [ann] = await folk.add("ann")
    await delete_contact(ports, folk.tenant, folk.directory, ann)
    assert await match(folk, Person("CORP\\ann", "ann@example.org")) == {}
    assert await folk.contacts() == []
    with pytest.raises(LookupError):
        await delete_contact(ports, folk.tenant, folk.directory, ann)
    with pytest.raises(LookupError):
        await edit_contact(ports, folk.tenant, folk.directory, ann, {"first_name": "x"}, {})


async def test_an_import_adds_updates_and_leaves(folk: Folk) -> None:
    first = await take(
        folk,
        {"email": "ann@example.org", "first_name": "Ann", "embedded_data": {"site": "Oslo", "tier": 1}},
        {"email": "ben@example.org", "ext_ref": "B"},
        list_id=folk.list_id,
    )
    assert (first.created, first.updated, first.unchanged, first.refused) == (2, 0, 0, ())
    assert await members(folk) == 2
    second = await take(
        folk,
        {"email": "ANN@example.org", "first_name": "", "last_name": "Lee", "embedded_data": {"site": "Lima"}},
        {"ext_ref": "b", "email": "ben@example.org"},
        {"email": "cem@example.org"},
    )
    assert (second.created, second.updated, second.unchanged) == (1, 2, 0)
    ann = next(one for one in await folk.contacts() if one.last_name == "Lee")
    assert (ann.first_name, ann.email, ann.embedded) == (
        "Ann",
        "ANN@example.org",
        {"site": "Lima", "tier": 1},
    )
    third = await take(folk, {"ext_ref": "b"}, {"email": "cem@example.org"})
    assert (third.created, third.updated, third.unchanged) == (0, 0, 2)


async def test_one_person_twice_in_a_file_is_one_contact(folk: Folk) -> None:
    taken = await take(
        folk,
        {"email": "ann@example.org", "first_name": "Ann"},
        {"email": "Ann@Example.org", "first_name": "Anna"},
        {"email": "ann@example.org", "ext_ref": "A", "first_name": "Anne"},
    )
    assert taken.created == 1
    [ann] = await folk.contacts()
    assert (ann.first_name, ann.ext_ref) == ("Anne", "A")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "needs an e-mail address or an external reference"),
        ({"email": "not an address"}, "is not an e-mail address"),
        ({"email": "ann@example.org", "embedded_data": {"x": None}}, "not null"),
        ({"email": "ann@example.org", "embedded_data": {"x": {"y": 1}}}, "not nested"),
        ({"email": "ann@example.org", "embedded_data": {"Email": "x"}}, "main field"),
        ({"email": "ann@example.org", "embedded_data": {" ": "x"}}, "main field"),
        ({"email": "ann@example.org", "embedded_data": {"x": float("nan")}}, "not finite"),
        ({"email": "ann@example.org", "embedded_data": {"x": [float("inf")]}}, "not finite"),
        ({"email": "ann@example.org", "first_name": "A\0nn"}, "NUL"),
        ({"email": "ann@example.org", "embedded_data": {"x": ["\ud800"]}}, "lone surrogate"),
    ],
)
async def test_a_bad_row_is_refused_by_its_place_and_the_rest_are_taken(
    folk: Folk, row: dict[str, Any], why: str
) -> None:
    taken = await take(folk, {"email": "first@example.org"}, row, {"email": "last@example.org"})
    assert taken.created == 2
    [refused] = taken.refused
    assert refused.index == 1
    assert why in refused.reason


async def test_an_import_opts_out_and_never_in_again(folk: Folk) -> None:
    await folk.add("ann", "ben")
    taken = await take(
        folk,
        {"email": "ann@example.org", "unsubscribed": True},
        {"email": "new@example.org", "unsubscribed": True},
    )
    assert (taken.created, taken.updated) == (1, 1)
    out = {one.email for one in await folk.contacts() if one.unsubscribed}
    assert out == {"ann@example.org", "new@example.org"}
    taken = await take(folk, {"email": "ann@example.org", "unsubscribed": False, "first_name": "Anna"})
    assert taken.updated == 1
    assert (await folk.contact("ann")).unsubscribed


async def test_a_new_contact_is_told_to_triggers_only_where_the_import_says_so(folk: Folk) -> None:
    await take(folk, {"email": "quiet@example.org"}, raise_events=False)
    await take(folk, {"email": "nobody-listens@example.org"}, raise_events=True)
    assert await folk.announced() == []
    await folk.watch("site")
    folk.clock.advance(1)
    await take(
        folk,
        {"email": "a@example.org", "embedded_data": {"site": "Oslo"}},
        {"email": "b@example.org"},
        raise_events=True,
    )
    [made] = await folk.announced()
    groups = await folk.groups(made)
    assert {(str(group.before), str(group.after), group.kind) for group in groups} == {
        ("{}", "{}", ChangeKind.CREATED),
        ("{}", "{'site': 'Oslo'}", ChangeKind.CREATED),
    }


async def test_a_trigger_that_reads_no_field_is_told_too(folk: Folk, ports: Ports) -> None:
    """A workflow without conditions runs for every new contact."""
    await folk.watch()
    assert await ports.db.read(watched_fields_in, folk.tenant, folk.directory) == []
    await take(folk, {"email": "a@example.org"}, raise_events=True)
    [ann] = await folk.contacts()
    folk.clock.advance(1)
    await edit_contact(ports, folk.tenant, folk.directory, ann.id, {"first_name": "Ann"}, {})
    created, updated = await folk.announced()
    assert [group.kind for group in await folk.groups(created)] == [ChangeKind.CREATED]
    assert [group.kind for group in await folk.groups(updated)] == [ChangeKind.UPDATED]
    await ports.db.write(stop_watching_in, folk.tenant, "WF_1")
    await edit_contact(ports, folk.tenant, folk.directory, ann.id, {"first_name": "Anna"}, {})
    assert len(await folk.announced()) == 2, "nobody listens any more"


async def test_an_edit_says_what_differed(folk: Folk, ports: Ports) -> None:
    await folk.watch("site", "Email", "LastName")
    [ann] = await folk.add("ann", embedded={"site": "Oslo"})
    cause = Cause("", 1, "RUN_7", ("WF_9",))
    after = await edit_contact(
        ports,
        folk.tenant,
        folk.directory,
        ann,
        {"email": " new@example.org "},
        {"site": "Lima", "x": 1},
        cause=cause,
    )
    assert (after.email, after.embedded) == ("new@example.org", {"site": "Lima", "x": 1})
    [made] = await folk.announced()
    assert (await folk.change(made)).cause == cause
    [group] = await folk.groups(made)
    assert group.kind is ChangeKind.UPDATED
    assert group.before == {"site": "Oslo", "Email": "ann@example.org"}
    assert group.after == {"site": "Lima", "Email": "new@example.org"}
    assert await folk.members(made, 0) == {ann}
    assert await match(folk, Person("", "new@example.org")) == {"new@example.org": ann}


async def test_an_edit_that_changes_nothing_is_none(folk: Folk, ports: Ports) -> None:
    await folk.watch("site")
    [ann] = await folk.add("ann", embedded={"site": "Oslo"})
    before = await folk.contact("ann")
    same = {"first_name": "Ann", "email": "ann@example.org "}
    await edit_contact(ports, folk.tenant, folk.directory, ann, same, {"site": "Oslo"})
    assert await folk.contact("ann") == before
    assert await folk.announced() == []


@pytest.mark.parametrize(
    ("fields", "embedded"),
    [
        ({"email": "nonsense"}, {}),
        ({"first_name": "\0"}, {}),
        ({}, {"x": None}),
        ({}, {"x": {}}),
        ({}, {"x": float("nan")}),
        ({}, {"FirstName": "x"}),
    ],
)
async def test_edits_that_are_refused(
    folk: Folk, ports: Ports, fields: dict[str, Any], embedded: dict[str, Any]
) -> None:
    [ann] = await folk.add("ann")
    with pytest.raises(ContactProblem):
        await edit_contact(ports, folk.tenant, folk.directory, ann, fields, embedded)
    assert (await folk.contact("ann")).embedded == {}


async def test_a_deletion_is_told_with_what_was_there(folk: Folk, ports: Ports) -> None:
    await folk.watch("site")
    [ann] = await folk.add("ann", embedded={"site": "Oslo"})
    await delete_contact(ports, folk.tenant, folk.directory, ann)
    [made] = await folk.announced()
    [group] = await folk.groups(made)
    assert (group.kind, group.before, group.after) == (ChangeKind.DELETED, {"site": "Oslo"}, {})


async def test_opting_in_or_out_is_no_change_of_contact_data(folk: Folk, ports: Ports) -> None:
    await folk.watch("Email", "lastAlarm")
    [ann] = await folk.add("ann")
    await match(folk, Person("CORP\\ann", ""))
    await ports.db.write(set_in_directory, folk.tenant, ann, True, folk.clock.now())
    await ports.db.write(set_in_list, folk.tenant, folk.list_id, ann, True, folk.clock.now())
    assert (await folk.contact("ann")).unsubscribed
    assert await folk.announced() == []
    await match(folk, Person("CORP\\ann", ""))

    def opted_out(conn: Connection) -> list[bool]:
        return [row.unsubscribed for row in conn.execute(views.list_members.select())]

    assert await ports.db.read(opted_out) == [True], "being put on the list again does not opt in"
