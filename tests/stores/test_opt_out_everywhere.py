"""Who is opted out of everything is asked by no directory: at the decision, at the sending, in samples, after a merge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.experience.audiences.flow.samples import draw_sample
from opulse.experience.directory import views
from opulse.experience.directory.flow.everywhere import set_opt_out_everywhere
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.lists import create_directory
from opulse.experience.directory.flow.merging import merge_contacts
from opulse.experience.directory.flow.people import edit_contact, import_contacts
from opulse.experience.directory.models import EVERYTHING, EVERYWHERE, SubscriptionOrigin
from opulse.experience.distributions import SpareReason
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.store.claims import claim_mails
from opulse.experience.distributions.store.sending import list_due
from opulse.ports import Ports
from tests.unit.experience.distributions.town import Town, build_town

pytestmark = pytest.mark.stores
import_stores()


async def leave(town: Town, contact: str, *, out: bool = True, directory: str = "") -> bool:
    wanted = Subscription(out, SubscriptionOrigin.OPERATOR, "olga")
    folder = directory or town.directory
    return await set_opt_out_everywhere(town.ports, town.tenant, folder, contact, wanted)


async def asked_in(town: Town, directory: str, **row: Any) -> dict[SpareReason, int]:
    """Add somebody to the directory and ask them there; why they were spared."""
    await import_contacts(town.ports, town.tenant, directory, [row])
    found = await town.ports.db.read(views.list_contacts, town.tenant, directory)
    made = await ask(town.ports, town.request(contact_ids=tuple(one.id for one in found), list_id=""))
    return dict(made.spared)


async def test_no_directory_asks_them_and_it_can_be_ended(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    first = town.people[0]
    assert await leave(town, first)
    assert not await leave(town, first), "again changes nothing"
    assert (await ask(ports, town.request())).spared == {SpareReason.OPTED_OUT_EVERYWHERE: 1}
    one = await ports.db.read(views.find_contact, town.tenant, town.directory, first)
    assert one is not None
    assert not one.unsubscribed, "the directory's own opt-out is another"
    later = [(await create_directory(ports, town.tenant, f"Later {n}", "t")).id for n in range(3)]
    spared = {SpareReason.OPTED_OUT_EVERYWHERE: 1}
    assert await asked_in(town, later[0], email=one.email.upper()) == spared
    assert await asked_in(town, later[1], ext_ref=one.ext_ref, email="other@example.org") == spared
    assert await asked_in(town, later[2], ext_ref="else", email="else@example.org") == {}
    here = (await ports.db.read(views.list_contacts, town.tenant, later[1]))[0].id
    await edit_contact(ports, town.tenant, later[1], here, {"email": "new@example.org"}, {}, actor="t")
    clock.advance(60)
    assert await leave(town, here, out=False, directory=later[1]), (
        "one person: ended by any of their contacts"
    )
    assert not await leave(town, first, out=False)
    assert (await ask(ports, town.request())).spared == {}
    history = await ports.db.read(views.list_subscriptions_of, town.tenant, first)
    assert [(one.list_id, one.out, one.actor) for one in history] == [
        (EVERYWHERE, False, "olga"),
        (EVERYWHERE, True, "olga"),
    ]
    with pytest.raises(LookupError):
        await leave(town, "CID_none")


async def test_what_waits_is_not_sent_any_more(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    await ask(ports, town.request())
    await leave(town, town.people[1])
    await set_opt_out(
        ports,
        town.tenant,
        town.directory,
        town.people[2],
        Subscription(True, SubscriptionOrigin.OPERATOR, "olga"),
    )
    [turn] = await ports.db.read(list_due, clock.now())
    mails = await ports.db.write(claim_mails, turn, "c", timedelta(minutes=1), clock.now(), 10)
    assert len(mails) == 1
    assert await town.states() == {
        "sending": 1,
        "spared:opted_out_everywhere": 1,
        "spared:opted_out": 1,
    }


async def test_another_tenant_is_another_world(ports: Ports) -> None:
    town, other = await build_town(ports, 1), await build_town(ports, 1)
    await leave(town, town.people[0])
    assert (await ask(ports, other.request())).spared == {}


async def test_a_sample_leaves_them_out_and_a_merge_takes_it_along(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    first, second, third = town.people
    await leave(town, third)
    drawn = await draw_sample(ports, town.tenant, town.list_id, "All", "100%", EVERYTHING, "t")
    table = views.list_members.c
    members = select(table.contact).where(table.tenant == town.tenant, table.list == drawn.id)
    assert set(await ports.db.read(lambda conn: conn.execute(members).scalars().all())) == {first, second}
    await edit_contact(
        ports, town.tenant, town.directory, third, {"email": "", "ext_ref": "moved"}, {}, actor="t"
    )
    assert (await ask(ports, town.request())).spared == {SpareReason.OPTED_OUT_EVERYWHERE: 1}, (
        "by the contact"
    )
    survivor = await merge_contacts(ports, town.tenant, town.directory, [first, third], "t")
    opt_out = await ports.db.read(views.find_opt_out, town.tenant, survivor.id)
    assert (survivor.id, opt_out.everywhere_since) == (first, clock.now())
