"""The builder by its forms alone, as a browser without a script sends them."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.surveys.models import (
    AnswerCondition,
    Branch,
    ChoiceCondition,
    DrillDown,
    MultipleChoice,
    SingleChoice,
    SurveyDocument,
)
from opulse.experience.surveys.rules import text_keys, validate_document
from opulse.experience.surveys.rules.starting import STARTING
from tests.flows.test_surveys_pages import Console, console
from tests.unit.experience.surveys.kinds import every_kind, flowing

console_fixture = console


@pytest.fixture
async def built(console: Console) -> AsyncIterator[Console]:
    yield console


async def do(console: Console, address: str, **fields: str) -> str:
    """Press a button of the builder; what the page says after it."""
    answer = await console.client.post(f"{address}/edit", data=fields)
    assert answer.status_code == 303, answer.text
    return html.unescape((await console.client.get(answer.headers["location"])).text)


async def ids(console: Console, address: str) -> list[str]:
    return [one.id for one in (await console.document(address)).questions]


async def form_of(console: Console, address: str) -> dict[str, str]:
    """What a browser would send of the first form of a page."""
    page = (await console.client.get(address)).text
    form = page[page.index("data-unsaved") : page.index("</form>", page.index("data-unsaved"))]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if found.get("type") == "checkbox" and " checked" not in tag:
            continue
        fields[html.unescape(found["name"])] = html.unescape(found.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form):
        fields[name] = html.unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    return fields


async def test_questions_are_added_moved_copied_deleted_and_put_back(built: Console) -> None:
    address = await built.make()
    block = (await built.document(address)).blocks[0].id
    said = await do(built, address, do="add_question", part=block, kind="rank_order")
    assert "Added to the draft" in said
    assert await ids(built, address) == ["QID1", "QID2", "QID3", "QID4", "QID5"]
    await do(built, address, do="up", part="QID5")
    assert await ids(built, address) == ["QID1", "QID2", "QID3", "QID5", "QID4"]
    await do(built, address, do="duplicate", part="QID1")
    assert await ids(built, address) == ["QID1", "QID6", "QID2", "QID3", "QID5", "QID4"]
    said = await do(built, address, do="delete", part="QID2")
    assert "Put QID2 back" in said
    assert await ids(built, address) == ["QID1", "QID6", "QID3", "QID5", "QID4"]
    assert validate_document(await built.document(address)) == [], "its translations wait with it"
    await do(built, address, do="restore", part="QID2")
    document = await built.document(address)
    assert [one.id for one in document.questions][-1] == "QID2"
    assert document.translations["de"]["QID2.text"]
    gone = await do(built, address, do="delete", part="QID99")
    assert "not there any more" in gone


async def test_a_question_at_the_end_of_its_block_moves_into_the_next(built: Console) -> None:
    address = await built.make()
    await do(built, address, do="add_block")
    await do(built, address, do="down", part="QID4")
    first, second = (await built.document(address)).blocks
    assert [one.id for one in second.questions] == ["QID4"]
    await do(built, address, do="block_up", part=second.id)
    assert [one.id for one in (await built.document(address)).blocks] == [second.id, first.id]
    await do(built, address, do="delete_block", part=second.id)
    document = await built.document(address)
    assert ([one.id for one in document.blocks], [one.id for one in document.trash]) == ([first.id], ["QID4"])


@pytest.mark.parametrize("kind", STARTING)
async def test_every_kind_can_be_added_and_its_form_saved_as_it_is(built: Console, kind: str) -> None:
    address = await built.make()
    block = (await built.document(address)).blocks[0].id
    await do(built, address, do="add_question", part=block, kind=kind)
    before = await built.document(address)
    question = f"{address}/questions/QID5"
    fields = await form_of(built, question)
    saved = await built.client.post(question, data={**fields, "do": "save"})
    assert saved.status_code == 303, saved.text
    assert await built.document(address) == before
    fields["text"] = "Quite <another> text"
    await built.client.post(question, data={**fields, "do": "save"})
    assert (await built.document(address)).questions[-1].text == "Quite <another> text"
    assert "Quite &lt;another&gt; text" in (await built.client.get(f"{address}/edit")).text


async def test_saving_the_form_of_a_full_question_changes_nothing(built: Console) -> None:
    whole = every_kind()
    address = await built.make(start="document", document=whole.model_dump_json())
    for question in whole.questions:
        fields = await form_of(built, f"{address}/questions/{question.id}")
        saved = await built.client.post(f"{address}/questions/{question.id}", data={**fields, "do": "save"})
        assert saved.status_code == 303, saved.text
    assert await built.document(address) == whole


async def test_answers_are_written_added_moved_and_removed_and_keep_their_ids(built: Console) -> None:
    address = await built.make()
    question = f"{address}/questions/QID3"
    fields = await form_of(built, question)
    changed = {
        **fields,
        "choices.2.text": "No way at all",
        "choices.1.exclusive": "on",
        "choices.new": "Perhaps\nLater\n",
    }
    await built.client.post(question, data={**changed, "do": "add"})
    kept = (await built.document(address)).questions[2]
    assert isinstance(kept, SingleChoice)
    assert [(one.id, one.text) for one in kept.choices][1] == ("2", "No way at all")
    assert [one.text for one in kept.choices][-2:] == ["Perhaps", "Later"]
    await built.client.post(question, data={**await form_of(built, question), "do": "up:choices:5"})
    await built.client.post(question, data={**await form_of(built, question), "do": "remove:choices:1"})
    document = await built.document(address)
    left = document.questions[2]
    assert isinstance(left, SingleChoice)
    assert [one.id for one in left.choices] == ["2", "3", "5", "4"]
    assert "QID3.choice.1" not in document.translations["de"], (
        "a translation of nothing would stand in the way"
    )
    assert validate_document(document) == []


async def test_what_does_not_fit_comes_back_as_it_was_typed(built: Console) -> None:
    address = await built.make()
    block = (await built.document(address)).blocks[0].id
    await do(built, address, do="add_question", part=block, kind="multiple_choice")
    question = f"{address}/questions/QID5"
    fields = await form_of(built, question)
    refused = await built.client.post(
        question, data={**fields, "max_choices": "many", "text": "Typed", "do": "save"}
    )
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    assert "\nTyped</textarea>" in refused.text
    await built.client.post(question, data={**fields, "max_choices": "1", "min_choices": "2", "do": "save"})
    kept = (await built.document(address)).questions[-1]
    assert isinstance(kept, MultipleChoice)
    page = (await built.client.get(f"{address}/edit")).text
    assert "1 problem" in page
    assert page.index("2 &gt; 1") > page.index('id="QID5"'), "the problem stands at the question"


async def test_conditions_skips_and_checks_are_built_by_choosing(built: Console) -> None:
    address = await built.make()
    logic = f"{address}/questions/QID4/logic"
    chosen = {"do": "show", "what": "choice:QID1::4", "operator": "selected"}
    assert (await built.client.post(logic, data=chosen)).status_code == 303
    worded = {"do": "show", "what": "answer:QID2:", "operator": "not_equal", "value": "1"}
    await built.client.post(logic, data=worded)
    await built.client.post(logic, data={"do": "match", "match": "any"})
    question = (await built.document(address)).questions[3]
    assert question.display is not None
    assert question.display.match == "any"
    assert question.display.conditions == (
        ChoiceCondition(question="QID1", choice="4"),
        AnswerCondition.model_validate({"question": "QID2", "operator": "not_equal", "value": "1"}),
    )
    page = html.unescape((await built.client.get(f"{address}/questions/QID4")).text)
    assert "QID1: “Cannot work at all” is selected" in page
    for place in ("1", "0"):
        await built.client.post(logic, data={"do": "unshow", "place": place})
    assert (await built.document(address)).questions[3].display is None
    wrong = await built.client.post(logic, data={**chosen, "operator": "greater"})
    assert wrong.status_code == 422
    assert "It was not added" in wrong.text
    first = f"{address}/questions/QID1/logic"
    await built.client.post(first, data={**chosen, "do": "skip", "to": "end_of_survey"})
    no_words = await built.client.post(first, data={**chosen, "do": "check"})
    assert no_words.status_code == 422
    await built.client.post(first, data={**chosen, "do": "check", "message": "Really?"})
    question = (await built.document(address)).questions[0]
    assert (question.skips[0].to, question.check.message if question.check else "") == (
        "end_of_survey",
        "Really?",
    )
    await built.client.post(first, data={"do": "unskip", "place": "0"})
    await built.client.post(first, data={"do": "uncheck", "place": "0"})
    question = (await built.document(address)).questions[0]
    assert (question.skips, question.check) == ((), None)


async def test_a_drill_down_is_written_as_indented_lines(built: Console) -> None:
    address = await built.make()
    block = (await built.document(address)).blocks[0].id
    await do(built, address, do="add_question", part=block, kind="drill_down")
    question = f"{address}/questions/QID5"
    fields = await form_of(built, question)
    lines = "First group\n  First entry\n  Another\nSecond group\n  Third\n"
    saved = await built.client.post(question, data={**fields, "options": lines, "do": "save"})
    assert saved.status_code == 303, saved.text
    kept = (await built.document(address)).questions[-1]
    assert isinstance(kept, DrillDown)
    assert [(one.id, one.text, [(two.id, two.text) for two in one.options]) for one in kept.options] == [
        ("1", "First group", [("2", "First entry"), ("3", "Another")]),
        ("4", "Second group", [("5", "Third")]),
    ]


async def test_a_block_is_named_mixed_and_looped(built: Console) -> None:
    address = await built.make()
    block = f"{address}/blocks/{(await built.document(address)).blocks[0].id}"
    fields = await form_of(built, block)
    looped = {
        "name": "Core",
        "order": "random",
        "show": "2",
        "loop": "rows",
        "rows": "mail | Outlook\n7: print | HP",
    }
    saved = await built.client.post(block, data={**fields, **looped})
    assert saved.status_code == 303, saved.text
    kept = (await built.document(address)).blocks[0]
    assert (kept.name, kept.order.kind, kept.order.show) == ("Core", "random", 2)
    assert kept.loop is not None
    assert [(row.id, row.fields) for row in kept.loop.rows] == [
        ("1", ("mail", "Outlook")),
        ("7", ("print", "HP")),
    ]
    again = await form_of(built, block)
    await built.client.post(block, data={**again, "loop": "", "order": "as_written", "show": ""})
    assert (await built.document(address)).blocks[0].loop is None
    refused = await built.client.post(block, data={**again, "show": "some"})
    assert refused.status_code == 422
    assert 'value="some"' in refused.text


async def test_a_flow_is_written_out_and_branches_lead_to_an_end(built: Console) -> None:
    address = await built.make()
    flow = f"{address}/flow"

    async def press(**fields: str) -> Any:
        return await built.client.post(flow, data=fields)

    assert "one page" in (await built.client.get(flow)).text
    await press(do="add", type="branch")
    await press(do="when", place="1", what="choice:QID1::1", operator="selected")
    await press(do="add", place="1", type="end")
    await press(
        do="set", place="1.0", ends="1", message="Good", redirect="https://intranet.example/", flag="screened"
    )
    await press(do="add", type="embedded_data")
    await press(do="set", place="2", fields="site\nwave = 2")
    await press(do="up", place="2")
    document = await built.document(address)
    assert [step.type for step in document.flow] == ["block", "embedded_data", "branch"]
    branch = document.flow[2]
    assert isinstance(branch, Branch)
    assert branch.when.conditions == (ChoiceCondition(question="QID1", choice="1"),)
    (end,) = branch.flow
    assert end.model_dump()["redirect"] == "https://intranet.example/"
    assert end.model_dump()["record"] is False
    assert validate_document(document) == []
    page = html.unescape((await built.client.get(flow)).text)
    assert "QID1: “Not affected” is selected" in page
    await press(do="delete", place="2")
    assert [step.type for step in (await built.document(address)).flow] == ["block", "embedded_data", "end"]
    assert (await press(do="delete", place="9")).status_code == 303
    assert (await press(do="add", type="moon")).status_code == 422


async def test_a_document_with_everything_is_shown_and_viewers_do_not_build(built: Console) -> None:
    address = await built.make(start="document", document=flowing().model_dump_json())
    for page in ("/edit", "/flow", "/questions/QID4", "/blocks/BL_bbbbbbbbbbb", ""):
        assert (await built.client.get(f"{address}{page}")).status_code == 200, page
    for page in ("/edit", "/flow", "/questions/QID4", "/blocks/BL_bbbbbbbbbbb"):
        assert (await built.viewer.get(f"{address}{page}")).status_code == 403
    assert (await built.viewer.post(f"{address}/edit", data={"do": "add_block"})).status_code == 403
    for unknown in ("/questions/QID99", "/blocks/BL_zzzzzzzzzzz"):
        assert (await built.client.get(f"{address}{unknown}")).status_code == 404


async def test_every_text_of_every_kind_can_be_translated_on_its_page(built: Console) -> None:
    whole: SurveyDocument = every_kind()
    address = await built.make(start="document", document=whole.model_dump_json())
    texts = {key: f"fr {key}" for key in text_keys(whole)}
    saved = await built.client.post(f"{address}/texts", data={"lang": "fr", **texts})
    assert saved.status_code == 303
    assert (await built.document(address)).translations["fr"] == texts


async def test_the_draft_waits_while_people_are_asked_with_what_is_published(
    db: Database, clock: ManualClock, built: Console
) -> None:
    address = await built.make()
    await built.client.post(f"{address}/publish")
    await do(built, address, do="delete", part="QID4")
    page = (await built.client.get(f"{address}/edit")).text
    assert "Publish version 2" in page
    shown = (await built.client.get(address)).text
    assert "People are still asked with version 1." in shown
