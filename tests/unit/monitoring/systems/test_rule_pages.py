"""The page of a rule: matches before saving, mistakes by their place, groups in use that stay."""

from __future__ import annotations

import re

import pytest

from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.flow.uses import ask_before_deleting
from opulse.monitoring.systems.models import SystemEntry
from tests.edges.console import Console, text_of


@pytest.fixture
async def estate(console: Console) -> Console:
    entries = [SystemEntry(f"WS-{number:02}", platform="Windows") for number in range(23)]
    await take_systems(console.ports, console.tenant, [*entries, SystemEntry("<b>mac</b>", platform="macOS")])
    return console


async def post(console: Console, address: str, **fields: str) -> str:
    answer = await console.editor.post(address, data=fields)
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["location"]


async def test_matches_are_shown_before_anything_is_saved(estate: Console) -> None:
    fields = {"name": "Windows", "rule": "platform = windows", "do": "preview"}
    answer = await estate.editor.post("/groups/new/rule", data=fields)
    seen = text_of(answer.text)
    assert answer.status_code == 200
    assert "The rule is true of 23 systems now." in seen
    assert "WS-19" in seen
    assert "WS-20" not in seen
    assert "and 3 more" in seen
    assert 'value="Windows"' in answer.text
    assert "By rule" not in text_of((await estate.viewer.get("/groups")).text)


async def test_a_rule_is_saved_shown_changed_and_deleted(estate: Console) -> None:
    address = await post(estate, "/groups/new/rule", name="Macs", rule="platform = macos")
    seen = text_of((await estate.viewer.get(address)).text)
    assert "platform = macos" in seen
    assert "1 system" in seen
    assert "<b>mac</b>" in seen
    assert "Change the rule" not in seen
    assert "Macs By rule platform = macos 1" in text_of((await estate.viewer.get("/groups")).text)
    form = (await estate.editor.get(f"{address}/rule")).text
    assert "The rule is true of 1 system now." in text_of(form)
    assert await post(estate, f"{address}/rule", name="All", rule="name matches *-*") == address
    page = await estate.editor.get(address)
    assert "23 systems" in text_of(page.text)
    assert f"{address}/remove" in page.text
    assert "Take WS-00 out" not in page.text
    assert await post(estate, f"{address}/delete") == "/groups"
    assert (await estate.editor.get(f"{address}/rule")).status_code == 404


async def test_what_cannot_be_read_is_said_by_its_place_and_stays(estate: Console) -> None:
    for do in ("preview", ""):
        fields = {"name": "", "rule": "platform = <b>", "do": do}
        answer = await estate.editor.post("/groups/new/rule", data=fields)
        assert answer.status_code == 422
        assert "At character 12: expected a value" in text_of(answer.text)
        assert "platform = &lt;b&gt;</textarea>" in answer.text
        assert ("Give the group a name" in text_of(answer.text)) == (do == "")
    await post(estate, "/groups/new/rule", name="Macs", rule="platform = macos")
    twin = await estate.editor.post("/groups/new/rule", data={"name": "MACS", "rule": "name = x"})
    assert (twin.status_code, "Another group has this name" in text_of(twin.text)) == (422, True)


async def test_rules_are_for_editors_and_for_dynamic_groups(estate: Console) -> None:
    assert (await estate.viewer.get("/groups/new/rule")).status_code == 403
    assert (await estate.viewer.post("/groups/new/rule", data={"rule": "name = x"})).status_code == 403
    by_hand = await post(estate, "/groups/new", name="By hand")
    led_back = await estate.editor.get(f"{by_hand}/rule")
    assert (led_back.status_code, led_back.headers["location"]) == (303, by_hand)
    assert "chosen by hand" in text_of((await estate.editor.get(by_hand)).text)
    ruled = await post(estate, "/groups/new/rule", name="Macs", rule="platform = macos")
    refused = await estate.editor.post(f"{ruled}/add", data={"systems": "WS-01"})
    following = await estate.editor.get(refused.headers["location"])
    assert "change the rule" in text_of(following.text)


async def test_a_group_in_use_stays_and_the_page_names_what_watches_it(estate: Console) -> None:
    address = await post(estate, "/groups/new/rule", name="Macs", rule="platform = macos")
    watched = True
    ask_before_deleting(lambda conn, tenant, group: ["Slow <Macs>"] if watched else [])
    assert await post(estate, f"{address}/delete") == address
    seen = text_of((await estate.editor.get(address)).text)
    assert re.search(r"notifications watch it \(Slow <Macs>\)\. Give them another group", seen)
    watched = False
    assert await post(estate, f"{address}/delete") == "/groups"
