"""Opt-outs of the directory and of lists, back in again, and their history. The same on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import leave_in, views
from opulse.experience.directory.flow.leaving import Subscription, set_mute, set_opt_out
from opulse.experience.directory.flow.lists import add_members
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.flow.reading import find_opt_out, lists_of_contact
from opulse.experience.directory.models import SubscriptionOrigin
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle

pytestmark = pytest.mark.stores

BY_US = SubscriptionOrigin.OPERATOR


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def put(folk: Folk, contact: str, *, out: bool, list_id: str = "") -> bool:
    folk.clock.advance(1)
    wanted = Subscription(out, BY_US, "olga", list_id)
    return await set_opt_out(folk.ports, folk.tenant, folk.directory, contact, wanted)


async def left(folk: Folk, contact: str) -> list[bool]:
    return [out for _, out in await folk.ports.db.read(lists_of_contact, folk.tenant, contact)]


async def history(folk: Folk, contact: str) -> list[tuple[bool, str, str, str]]:
    found = await folk.ports.db.read(views.list_subscriptions_of, folk.tenant, contact)
    return [(one.out, one.list_name, one.origin.value, one.actor) for one in found]


async def test_out_of_a_list_and_out_of_the_directory_are_two_things(folk: Folk, ports: Ports) -> None:
    [ann] = await folk.add("ann")
    await add_members(ports, folk.tenant, folk.list_id, [ann])
    assert await put(folk, ann, out=True, list_id=folk.list_id)
    assert (await left(folk, ann), (await folk.contact("ann")).unsubscribed) == ([True], False)
    assert await put(folk, ann, out=True)
    assert not await put(folk, ann, out=True), "that is how it is already"
    assert await put(folk, ann, out=False, list_id=folk.list_id)
    assert (await left(folk, ann), (await folk.contact("ann")).unsubscribed) == ([False], True)
    assert await put(folk, ann, out=False)
    assert await history(folk, ann) == [
        (False, "", "operator", "olga"),
        (False, "Everybody", "operator", "olga"),
        (True, "", "operator", "olga"),
        (True, "Everybody", "operator", "olga"),
    ]


async def test_nobody_is_opted_out_of_a_list_that_they_are_not_on(folk: Folk) -> None:
    [ann] = await folk.add("ann")
    with pytest.raises(LookupError):
        await put(folk, ann, out=True, list_id=folk.list_id)
    with pytest.raises(LookupError):
        await put(folk, "CID_unknown", out=True)


async def test_the_link_in_a_mail_leads_out_of_the_list_that_was_used(folk: Folk, ports: Ports) -> None:
    [ann, ben] = await folk.add("ann", "ben")
    await add_members(ports, folk.tenant, folk.list_id, [ann])
    for one in (ann, ann, ben):
        used = await ports.db.write(leave_in, folk.tenant, one, folk.list_id, "by the link", folk.clock.now())
        assert used == folk.list_id
    assert await left(folk, ann) == [True]
    assert await left(folk, ben) == [True], "put on it since the mail or not: they are out"
    assert await history(folk, ann) == [(True, "Everybody", "person", "by the link")]
    assert await ports.db.write(leave_in, folk.tenant, ben, "", "by the link", folk.clock.now()) == ""
    assert (await folk.contact("ben")).unsubscribed


async def test_a_row_of_a_file_opts_out_and_says_so(folk: Folk, ports: Ports) -> None:
    [ann] = await folk.add("ann")
    rows = [{"email": f"{one}@example.org", "unsubscribed": True} for one in ("ann", "ben")]
    await import_contacts(ports, folk.tenant, folk.directory, rows, actor="olga")
    ben = (await folk.contact("ben")).id
    assert await history(folk, ann) == await history(folk, ben) == [(True, "", "import", "olga")]
    await import_contacts(ports, folk.tenant, folk.directory, rows, actor="olga")
    assert len(await history(folk, ann)) == 1


async def test_somebody_is_left_alone_for_a_while(folk: Folk, ports: Ports) -> None:
    [ann] = await folk.add("ann")
    until = folk.clock.now() + timedelta(days=3)
    await set_mute(ports, folk.tenant, folk.directory, ann, until, "olga")
    assert (await ports.db.read(find_opt_out, folk.tenant, ann)).muted_until == until
    await set_mute(ports, folk.tenant, folk.directory, ann, None, "olga")
    assert (await ports.db.read(find_opt_out, folk.tenant, ann)).muted_until is None
