"""Directories, mailing lists, frequency rules, and how contacts are searched and paged. The same on both databases."""

from __future__ import annotations

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import (
    Contact,
    RuleKind,
    views,
)
from opulse.experience.directory.flow.limits import WantedRule, default_rules, set_rules
from opulse.experience.directory.flow.lists import (
    add_members,
    create_directory,
    create_list,
)
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle

pytestmark = pytest.mark.stores


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def test_search_finds_the_start_of_address_name_or_account(folk: Folk, ports: Ports) -> None:
    await folk.add("ann", "ben", last_name="O'Neil_100%")

    async def search(words: str) -> list[str]:
        found: list[Contact] = await ports.db.read(
            views.list_contacts, folk.tenant, folk.directory, search=words
        )
        return sorted(one.first_name for one in found)

    assert await search("ANN@") == ["Ann"]
    assert await search("corp\\b") == ["Ben"]
    assert await search("o'neil_100%") == ["Ann", "Ben"]
    assert await search("%") == []
    assert await search("_nn") == []
    assert await search(" be ") == ["Ben"]


async def test_contacts_page_by_id(folk: Folk, ports: Ports) -> None:
    await folk.add("a", "b", "c")
    ids: list[str] = []
    while True:
        after = ids[-1] if ids else ""
        page = await ports.db.read(views.list_contacts, folk.tenant, folk.directory, after=after, limit=2)
        if not page:
            break
        ids += [one.id for one in page]
    assert len(ids) == len(set(ids)) == 3
    assert await ports.db.read(views.count_contacts, folk.tenant, folk.directory) == 3


async def test_lists_belong_to_a_directory_and_take_its_contacts_only(folk: Folk, ports: Ports) -> None:
    other = await create_directory(ports, folk.tenant, "Other", "test")
    [ann] = await folk.add("ann")
    elsewhere = await create_list(ports, folk.tenant, other.id, "Elsewhere", "test")
    await add_members(ports, folk.tenant, elsewhere.id, [ann, "CID_unknown"], actor="test")
    await add_members(ports, folk.tenant, folk.list_id, [ann, ann], actor="test")
    counts = {one.name: one.members for one in await ports.db.read(views.list_lists, folk.tenant)}
    assert counts == {"Elsewhere": 0, "Everybody": 1}
    for tenant, directory, name in ((folk.tenant, "POOL_x", "N"), (folk.tenant + 1, folk.directory, "N")):
        with pytest.raises(LookupError):
            await create_list(ports, tenant, directory, name, "test")
    for name in ("", " ", "x" * 101):
        with pytest.raises(ValueError, match="1 to 100"):
            await create_list(ports, folk.tenant, folk.directory, name, "test")
    with pytest.raises(LookupError):
        await add_members(ports, folk.tenant + 1, folk.list_id, [ann], actor="test")


async def test_the_first_directory_is_the_default_one(folk: Folk, ports: Ports) -> None:
    await create_directory(ports, folk.tenant, "Second", "test")
    found = await ports.db.read(views.list_directories, folk.tenant)
    assert sorted((one.name, one.is_default) for one in found) == [("People", True), ("Second", False)]


async def test_a_directory_begins_with_the_decided_fatigue_rules(folk: Folk, ports: Ports) -> None:
    day = 86_400
    found = await ports.db.read(views.list_rules, folk.tenant, folk.directory)
    assert sorted((rule.kind, rule.limit, rule.period_seconds) for rule in found) == [
        (RuleKind.MAX_IN_PERIOD, 1, day),
        (RuleKind.MAX_IN_PERIOD, 2, 7 * day),
        (RuleKind.MAX_IN_PERIOD, 4, 30 * day),
        (RuleKind.ONE_PER_ACTIVATION, 1, 0),
    ]
    assert len(found) == len(default_rules())


async def test_rules_are_replaced_as_a_whole(folk: Folk, ports: Ports) -> None:
    await set_rules(ports, folk.tenant, folk.directory, [WantedRule(RuleKind.MIN_GAP, 0, 3600)], "test")
    [rule] = await ports.db.read(views.list_rules, folk.tenant, folk.directory)
    assert (rule.kind, rule.period_seconds) == (RuleKind.MIN_GAP, 3600)
    for wanted in (
        [(RuleKind.MIN_GAP, 1, 0)],
        [(RuleKind.MAX_IN_PERIOD, 0, 60)],
        [(RuleKind.MAX_IN_PERIOD, 1, 0)],
        [(RuleKind.ONE_PER_ACTIVATION, 1, 0)] * 21,
    ):
        with pytest.raises(ValueError, match=r"needs|at most 20"):
            await set_rules(ports, folk.tenant, folk.directory, [WantedRule(*one) for one in wanted], "test")
    with pytest.raises(LookupError):
        await set_rules(ports, folk.tenant + 1, folk.directory, [], "test")
    assert len(await ports.db.read(views.list_rules, folk.tenant, folk.directory)) == 1
