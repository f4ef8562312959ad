"""Fields are declared, and renamed, merged, removed on all contacts; bad values are refused. The same on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import views
from opulse.experience.directory.flow import fields as flow
from opulse.experience.directory.flow.checking import ContactProblem
from opulse.experience.directory.flow.importing import receive_file, take_file
from opulse.experience.directory.flow.people import edit_contact, import_contacts
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import (
    FieldAction,
    FieldChangeState,
    FieldKind,
    FieldRefused,
    FieldScope,
)
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle

pytestmark = pytest.mark.stores


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def declare(folk: Folk, name: str, kind: FieldKind) -> None:
    await flow.declare_field(folk.ports, folk.tenant, folk.directory, FieldScope.CONTACT, name, kind, "test")
    await work(folk)


async def change(folk: Folk, action: FieldAction, name: str, target: str = "") -> None:
    await flow.change_field(folk.ports, folk.tenant, folk.directory, action, name, target, "test")
    await work(folk)


async def work(folk: Folk) -> None:
    for one in await folk.ports.db.read(views.list_changes, folk.tenant, folk.directory, 100):
        await flow.work_on_field(folk.ports, folk.tenant, one.id)


async def embedded(folk: Folk, name: str) -> dict[str, object]:
    return dict((await folk.contact(name)).embedded)


async def test_values_that_are_there_are_brought_to_the_type(folk: Folk) -> None:
    await folk.add("ann", embedded={"floor": "3", "site": "Oslo"})
    await folk.add("ben", embedded={"floor": 2.5})
    await folk.add("cid")
    await declare(folk, "floor", FieldKind.NUMBER)
    assert [await embedded(folk, one) for one in ("ann", "ben", "cid")] == [
        {"floor": 3, "site": "Oslo"},
        {"floor": 2.5},
        {},
    ]
    [done] = await folk.ports.db.read(views.list_changes, folk.tenant, folk.directory, 10)
    assert (done.state, done.contacts, done.action) == (FieldChangeState.DONE, 1, FieldAction.CONVERT)


async def test_a_type_that_does_not_fit_what_is_there_is_refused(folk: Folk) -> None:
    await folk.add("ann", "ben", embedded={"floor": "third"})
    with pytest.raises(FieldRefused, match=r"2 contacts have values of floor that are no number: “third”"):
        await declare(folk, "floor", FieldKind.NUMBER)
    assert (
        await folk.ports.db.read(views.find_declared, folk.tenant, folk.directory, FieldScope.CONTACT) == {}
    )


async def test_bad_values_are_refused_with_a_reason_whoever_brings_them(folk: Folk, ports: Ports) -> None:
    [ann] = await folk.add("ann")
    await declare(folk, "Floor", FieldKind.NUMBER)
    rows = [
        {"email": "ben@example.org", "embedded_data": {"floor": "4"}},
        {"email": "cid@example.org", "embedded_data": {"floor": "four"}},
    ]
    taken = await import_contacts(ports, folk.tenant, folk.directory, rows)
    assert (taken.created, [one.index for one in taken.refused]) == (1, [1])
    assert "Floor: “four” is not a number" in taken.refused[0].reason
    assert await embedded(folk, "ben") == {"Floor": 4}
    with pytest.raises(ContactProblem, match="Floor"):
        await edit_contact(ports, folk.tenant, folk.directory, ann, {}, {"floor": "x"})
    with pytest.raises(ValueError, match="Floor"):
        await folk.merge([ann], {"floor": "x"})
    await folk.merge([ann], {"floor": "5"})
    assert await embedded(folk, "ann") == {"Floor": 5}


async def test_a_file_is_read_by_the_types(folk: Folk, ports: Ports) -> None:
    await declare(folk, "Floor", FieldKind.NUMBER)
    await declare(folk, "groups", FieldKind.LIST)

    async def file() -> AsyncIterator[bytes]:
        yield b"Email,floor,groups,TimeZone\nann@example.org,3,a;b,Europe/Oslo\nben@example.org,x,,\n"
        yield b"cid@example.org,,,Nowhere/Atall\n"

    where = Destination(folk.tenant, folk.directory, "", raise_events=False)
    one = await receive_file(ports, where, file(), "test")
    await take_file(ports, folk.tenant, one.id)
    assert await embedded(folk, "ann") == {"Floor": 3, "groups": ["a", "b"]}
    assert (await folk.contact("ann")).time_zone == "Europe/Oslo"
    refused = await ports.db.read(views.list_refused, folk.tenant, one.id, 0, 10)
    assert [(row.line, row.who) for row in refused] == [(3, "ben@example.org"), (4, "cid@example.org")]
    assert "Floor" in refused[0].reason
    assert "no time zone" in refused[1].reason


async def test_a_field_is_renamed_merged_and_removed_on_all_contacts(folk: Folk) -> None:
    await folk.add("ann", embedded={"site": "Oslo", "groups": ["a", "b"]})
    await folk.add("ben", embedded={"site": "Rome", "place": "Bari"})
    await folk.add("cid", embedded={"room": "1"})
    await change(folk, FieldAction.RENAME, "groups", "teams")
    await change(folk, FieldAction.MERGE, "site", "place")
    await change(folk, FieldAction.REMOVE, "room")
    assert [await embedded(folk, one) for one in ("ann", "ben", "cid")] == [
        {"place": "Oslo", "teams": ["a", "b"]},
        {"place": "Bari"},
        {},
    ]
    assert await folk.announced() == [], "no workflow takes it for a change of contacts"


async def test_a_declared_field_keeps_its_type_under_its_new_name(folk: Folk) -> None:
    await folk.add("ann", embedded={"floor": "3"})
    await declare(folk, "floor", FieldKind.NUMBER)
    await change(folk, FieldAction.RENAME, "floor", "level")
    declared = await folk.ports.db.read(views.find_declared, folk.tenant, folk.directory, FieldScope.CONTACT)
    assert {name: one.kind for name, one in declared.items()} == {"level": FieldKind.NUMBER}
    assert await embedded(folk, "ann") == {"level": 3}


async def test_what_a_workflow_reads_is_not_changed_under_it(folk: Folk) -> None:
    await folk.watch("site", owner="WF_reads")
    with pytest.raises(FieldRefused, match="WF_reads"):
        await change(folk, FieldAction.RENAME, "site", "place")
    await declare(folk, "floor", FieldKind.NUMBER)
    with pytest.raises(FieldRefused, match="merge"):
        await change(folk, FieldAction.RENAME, "level", "floor")
    with pytest.raises(FieldRefused, match="is a number"):
        await change(folk, FieldAction.MERGE, "level", "floor")


async def test_what_nobody_declared_is_seen(folk: Folk) -> None:
    await folk.add("ann", "ben", embedded={"site": "Oslo"})
    await folk.add("cid", embedded={"site": "Rome", "room": "1"})
    assert await folk.ports.db.read(views.list_seen, folk.tenant, folk.directory) == {"room": 1, "site": 3}
