"""Segments hold whom their rule is true of, samples those who were drawn. The same on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.experience.audiences.flow import segments
from opulse.experience.audiences.flow.samples import draw_sample
from opulse.experience.audiences.jobs import HANDLERS
from opulse.experience.audiences.models import STALE_DUE, RuleUnreadable, SampleRefused
from opulse.experience.directory import leave_in, views
from opulse.experience.directory.flow import fields
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.lists import add_members, create_list
from opulse.experience.directory.flow.people import edit_contact, import_contacts
from opulse.experience.directory.flow.reading import list_members_page
from opulse.experience.directory.models import (
    EVERYTHING,
    FieldKind,
    FieldScope,
    ListKind,
    ListRefused,
    SubscriptionOrigin,
)
from opulse.experience.distributions.flow.asking import ask
from opulse.ports import Ports
from tests.unit.experience.distributions.town import Town, build_town

pytestmark = pytest.mark.stores

PEOPLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ann", "de", {"site": "Oslo", "floor": 3, "groups": ["red", "blue"], "hired": "2020-05-01"}),
    ("ben", "en", {"site": "Bergen", "floor": 10, "groups": ["blue"], "remote": True}),
    ("cid", "de", {"site": "Rome", "hired": "2026-01-01"}),
    ("dov", "", {}),
)


async def build(ports: Ports) -> Town:
    """A town whose four people are called ann to dov."""
    town = await build_town(ports, 0)
    for name, kind in (
        ("floor", FieldKind.NUMBER),
        ("groups", FieldKind.LIST),
        ("hired", FieldKind.DATE),
        ("remote", FieldKind.BOOLEAN),
    ):
        await fields.declare_field(ports, town.tenant, town.directory, FieldScope.CONTACT, name, kind, "test")
    rows = [
        {"first_name": name, "email": f"{name}@{name}.example", "language": language, "embedded_data": data}
        for name, language, data in PEOPLE
    ]
    await import_contacts(ports, town.tenant, town.directory, rows)
    found = await ports.db.read(views.list_contacts, town.tenant, town.directory)
    town.people = [one.id for one in sorted(found, key=lambda one: one.email)]
    return town


async def matching(town: Town, rule: str) -> str:
    found = await segments.preview_rule(town.ports, town.tenant, town.directory, rule)
    assert found.count == len(found.first)
    return " ".join(sorted(one.first_name for one in found.first))


async def members(town: Town, list_id: str) -> list[str]:
    rows = await town.ports.db.read(list_members_page, town.tenant, list_id, "", 100)
    return sorted(one.first_name for one, _ in rows)


async def test_rules_are_true_of_the_right_people(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports)
    for rule, names in {
        "language = DE": "ann cid",
        "language != de": "ben dov",
        'language = ""': "dov",
        "emailDomain = ben.example": "ben",
        "email contains n@": "ann ben",
        "firstName startsWith c or firstName endsWith v": "cid dov",
        "data.site in (oslo, rome)": "ann cid",
        "not data.site = Oslo": "ben cid dov",
        'data.site = ""': "dov",
        'data.site != "" and language = en': "ben",
        "data.floor > 9": "ben",
        "data.floor <= 3": "ann",
        "data.floor = 3": "ann",
        "data.groups = blue": "ann ben",
        "data.groups contains re": "ann",
        "data.hired < 2021-01-01": "ann",
        "data.remote = yes": "ben",
        "subscribed = yes": "ann ben cid dov",
        "subscribed = no": "",
        "added within 1 hour": "ann ben cid dov",
        "added before 2026-01-01": "",
        "lastAsked = never": "ann ben cid dov",
        "asked >= 1": "",
        "language = de and (data.floor > 2 or data.hired > 2025-12-31)": "ann cid",
        "data.site contains %": "",
        'data."no\'such" = x': "",
    }.items():
        assert await matching(town, rule) == names, rule


async def test_what_people_were_asked_counts(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports)
    await add_members(ports, town.tenant, town.list_id, town.people[:2])
    await ask(ports, town.request(contact_ids=tuple(town.people[:2])))
    clock.advance(3600 * 48)
    for rule, names in {
        "asked = 1": "ann ben",
        "lastAsked within 1 day": "",
        "lastAsked within 3 days": "ann ben",
        "not lastAsked within 3 days": "cid dov",
        "answered = 0": "ann ben cid dov",
        "list = Pulse": "ann ben",
        f"list = {town.list_id} and language = de": "ann",
        "list != pulse": "cid dov",
    }.items():
        assert await matching(town, rule) == names, rule
    wanted = Subscription(True, SubscriptionOrigin.OPERATOR, "test", town.list_id)
    await set_opt_out(ports, town.tenant, town.directory, town.people[0], wanted)
    assert await matching(town, "list = Pulse") == "ben"


async def test_a_segment_follows_its_rule(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports)
    made = await segments.create_segment(ports, town.tenant, town.directory, "Germans", "language = de", "t")
    assert await members(town, made.id) == []
    await segments.refresh_segment(ports, town.tenant, made.id)
    assert await members(town, made.id) == ["ann", "cid"]
    await edit_contact(ports, town.tenant, town.directory, town.people[0], {"language": "en"}, {})
    await edit_contact(ports, town.tenant, town.directory, town.people[1], {"language": "de"}, {})
    clock.advance(3600)
    await segments.refresh_segment(ports, town.tenant, made.id)
    assert await members(town, made.id) == ["ben", "cid"]
    found = await ports.db.read(views.find_list, town.tenant, made.id)
    assert found is not None
    assert (found.kind, found.refreshed_at) == (ListKind.SEGMENT, clock.now())
    await segments.change_segment(ports, town.tenant, made.id, "English", 'language != ""', "t")
    await segments.refresh_segment(ports, town.tenant, made.id)
    assert await members(town, made.id) == ["ann", "ben", "cid"]


async def test_nobody_is_put_on_a_segment_by_hand_or_leaves_it_alone(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build(ports)
    made = await segments.create_segment(ports, town.tenant, town.directory, "All", "asked >= 0", "t")
    with pytest.raises(ListRefused, match="by itself"):
        await add_members(ports, town.tenant, made.id, town.people)
    used = await ports.db.write(leave_in, town.tenant, town.people[0], made.id, "by link", clock.now())
    assert used == "", "it has no opt-out of its own"
    assert await matching(town, "subscribed = no") == "ann"
    with pytest.raises(RuleUnreadable):
        await segments.create_segment(ports, town.tenant, town.directory, "Bad", "language", "t")
    with pytest.raises(LookupError):
        await segments.change_segment(ports, town.tenant, town.list_id, "No", "asked >= 0", "t")


async def test_stale_rules_are_asked_again_and_old_samples_go(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports)
    made = await segments.create_segment(ports, town.tenant, town.directory, "All", "asked >= 0", "t")
    await segments.refresh_segment(ports, town.tenant, made.id)
    sample = await draw_sample(ports, town.tenant, made.id, "Half", "50%", EVERYTHING, "t")
    assert len(await members(town, sample.id)) == 2
    clock.advance(7 * 3600)
    assert await ports.db.read(views.list_stale_segments, clock.now() - timedelta(hours=6)) == [
        (town.tenant, made.id)
    ]
    clock.advance(366 * 86_400)
    await HANDLERS[STALE_DUE](ports, None)  # type: ignore[arg-type]  # it reads nothing of the job
    assert await ports.db.read(views.find_list, town.tenant, sample.id) is None


async def test_a_sample_leaves_out_who_opted_out_and_stays_as_it_is(ports: Ports, clock: ManualClock) -> None:
    town = await build(ports)
    everybody = await create_list(ports, town.tenant, town.directory, "Everybody", "t")
    await add_members(ports, town.tenant, everybody.id, town.people)
    for person, list_id in ((town.people[0], ""), (town.people[1], everybody.id)):
        wanted = Subscription(True, SubscriptionOrigin.OPERATOR, "test", list_id)
        await set_opt_out(ports, town.tenant, town.directory, person, wanted)
    sample = await draw_sample(ports, town.tenant, everybody.id, "Few", "10", EVERYTHING, "t")
    assert await members(town, sample.id) == ["cid", "dov"]
    nobody = await create_list(ports, town.tenant, town.directory, "Nobody", "t")
    with pytest.raises(SampleRefused, match="nobody"):
        await draw_sample(ports, town.tenant, nobody.id, "None", "10", EVERYTHING, "t")
