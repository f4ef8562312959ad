"""The way through a survey: pages, branches, skips, loops, chance that stays, and text that is filled in."""

from __future__ import annotations

from typing import Any

import pytest

from opulse.experience.surveys.models import Answers, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import first_question_in_mail, localise
from opulse.experience.surveys.rules.drawing import arrange
from opulse.experience.surveys.rules.paging import is_walked
from opulse.experience.surveys.rules.piping import fill_address
from opulse.experience.surveys.rules.walking import Visit, Walk, answers_on_the_way, walk
from tests.unit.experience.surveys.kinds import ABC, CHOSEN, every_kind, flowing, question, survey_of


def go(document: SurveyDocument, answers: Answers, seed: str = "s", **more: Any) -> tuple[list[str], Walk]:
    """Send every page with these answers until the end; the keys of the pages, and where it ends."""
    sent: tuple[str, ...] = ()
    for _ in range(100):
        walked = walk(document, Visit(answers, sent, seed, **more))
        if walked.page is None:
            return list(sent), walked
        sent = (*sent, walked.page.key)
    raise AssertionError("no end")


def texts(walked: Walk) -> list[str]:
    assert walked.page is not None
    return [one.text for one in walked.page.questions]


def paged(*questions: dict[str, Any], **more: Any) -> SurveyDocument:
    return survey_of(*({**one, "page_break": True} for one in questions), **more)


def test_a_pulse_is_not_walked_and_whatever_depends_on_the_person_is() -> None:
    assert not is_walked(recommended_pulse())
    assert not is_walked(survey_of(question("nps"), question("dropdown", "QID2", display=CHOSEN)))
    personal: list[dict[str, Any]] = [
        {"page_break": True},
        {"order": {"kind": "random"}},
        {"skips": [{"when": CHOSEN, "to": "end_of_survey"}]},
        {"text": "Dear ${m://FirstName}"},
        {"choices": [{"id": "1", "text": "A", "display": CHOSEN}, {"id": "2", "text": "B"}]},
        {"display": {"conditions": [{"kind": "field", "name": "site", "operator": "empty"}]}},
    ]
    assert all(is_walked(survey_of(question("dropdown") | one)) for one in personal)
    assert is_walked(every_kind())
    assert is_walked(flowing())
    assert is_walked(survey_of(question("nps"), translations={"de": {"QID1.text": "Hallo ${m://FirstName}"}}))


def test_pages_end_at_breaks_and_the_count_of_what_comes_shrinks() -> None:
    document = paged(question("nps"), question("dropdown", "QID2"), question("text", "QID3"))
    first = walk(document, Visit())
    assert first.page is not None
    assert [one.id for one in first.page.questions] == ["QID1"]
    assert (len(first.before), first.to_come) == (0, 2)
    second = walk(document, Visit({"QID1": 3}, (first.page.key,)))
    assert (texts(second), len(second.before), second.to_come) == (["A question: dropdown"], 1, 1)
    sent, end = go(document, {"QID1": 3, "QID2": "1"})
    assert len(sent) == 3
    assert end.page is None
    assert answers_on_the_way(end) == {"QID1": 3, "QID2": "1"}


def test_a_branch_is_taken_when_its_conditions_hold_and_a_hidden_page_is_passed_over() -> None:
    hit = {"QID1": "1", "QID2": "Printer"}
    sent, _ = go(flowing(), hit, "a", embedded={"site": "Graz"})
    assert sent[:4] == ["BL_aaaaaaaaaaa/1", "BL_aaaaaaaaaaa/2", "1_BL_bbbbbbbbbbb/1", "2_BL_bbbbbbbbbbb/1"]
    sent, _ = go(flowing(), {"QID1": "2"}, "a")
    assert "1_BL_bbbbbbbbbbb/1" not in sent
    assert "BL_aaaaaaaaaaa/2" not in sent, "QID2 is for those who chose 1"


def test_a_skip_to_the_end_ends_and_answers_that_were_left_behind_do_not_count() -> None:
    sent, end = go(flowing(), {"QID1": "3", "QID2": "left behind"})
    assert sent == ["BL_aaaaaaaaaaa/1"]
    assert answers_on_the_way(end) == {"QID1": "3"}


@pytest.mark.parametrize(
    ("to", "asked"), [("QID4", [1, 4]), ("end_of_block", [1, 5]), ("end_of_survey", [1])]
)
def test_a_skip_leads_where_it_says(to: str, asked: list[int]) -> None:
    first = [question("dropdown", f"QID{number}") for number in range(1, 5)]
    first[0]["skips"] = [{"when": CHOSEN, "to": to}]
    blocks = [
        {"id": "BL_aaaaaaaaaaa", "questions": first},
        {"id": "BL_bbbbbbbbbbb", "questions": [question("dropdown", "QID5")]},
    ]
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})
    _, end = go(document, {"QID1": "1"})
    met = [f"QID{number}" for number in asked] + (["QID5"] if to == "QID4" else [])
    assert list(end.known.shown) == met
    assert list(go(document, {"QID1": "2"})[1].known.shown) == [f"QID{number}" for number in range(1, 6)]


def test_rounds_have_answers_of_their_own_and_conditions_mean_their_own_round() -> None:
    inside = [
        question(
            "dropdown",
            "QID1",
            text="How is ${lm://Field/1} (${lm://CurrentLoopNumber} of ${lm://TotalLoops})?",
        ),
        question("dropdown", "QID2", display=CHOSEN),
    ]
    loop = {"rows": [{"id": "7", "fields": ["mail"]}, {"id": "9", "fields": ["print"]}]}
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": inside, "loop": loop}]
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})
    first = walk(document, Visit())
    assert texts(first)[0] == "How is mail (1 of 2)?"
    _, end = go(document, {"7_QID1": "2", "9_QID1": "1", "9_QID2": "3"})
    assert list(end.known.shown) == ["7_QID1", "9_QID1", "9_QID2"]


def test_a_loop_over_choices_asks_about_those_that_were_taken() -> None:
    loop = {"question": "QID1", "rows": [{"id": "3", "fields": ["black"]}]}
    blocks = [
        {
            "id": "BL_aaaaaaaaaaa",
            "questions": [{"type": "multiple_choice", "id": "QID1", "text": "?", "choices": ABC}],
        },
        {
            "id": "BL_bbbbbbbbbbb",
            "questions": [question("text", "QID2", text="${lm://Field/1} ${lm://Field/2}")],
            "loop": loop,
        },
    ]
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})
    sent, end = go(document, {"QID1": ["1", "3"], "3_QID2_TEXT": "yes"})
    assert sent == ["BL_aaaaaaaaaaa/1", "1_BL_bbbbbbbbbbb/1", "3_BL_bbbbbbbbbbb/1"]
    assert [one.text.strip() for one in end.known.shown.values()][1:] == ["Apples", "Coffee black"]
    assert answers_on_the_way(end) == {"QID1": ["1", "3"], "3_QID2_TEXT": "yes"}
    left = {**loop, "take": "not_selected"}
    blocks[1]["loop"] = left
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})
    assert go(document, {"QID1": ["1", "3"]})[0][1:] == ["2_BL_bbbbbbbbbbb/1"]


def test_chance_is_drawn_once_per_person_and_everybody_gets_a_fair_draw() -> None:
    choices = [{"id": str(number), "text": f"C{number}", "fixed": number == 5} for number in range(1, 6)]
    document = survey_of({**question("dropdown"), "choices": choices, "order": {"kind": "random"}})

    def drawn(seed: str) -> tuple[str, ...]:
        page = walk(document, Visit(seed=seed)).page
        assert page is not None
        return tuple(choice.id for choice in page.questions[0].choices)  # type: ignore[union-attr]

    assert drawn("one") == drawn("one")
    orders = [drawn(f"person {number}") for number in range(600)]
    assert {order[-1] for order in orders} == {"5"}, "the fixed one stays last"
    firsts = [sum(order[0] == choice for order in orders) for choice in "1234"]
    assert all(110 < times < 190 for times in firsts), firsts
    assert len(set(orders)) == 24


def test_a_subset_keeps_what_is_fixed_and_a_flip_turns_about_half() -> None:
    document = survey_of({**question("dropdown"), "choices": ABC})
    order = document.questions[0].order.model_copy(update={"show": 2})  # type: ignore[union-attr]
    kept = [arrange(document.questions[0].choices, order, f"{n}", "x") for n in range(90)]  # type: ignore[union-attr]
    assert {tuple(one.id for one in some) for some in kept} == {("1", "2"), ("1", "3"), ("2", "3")}
    flipped = order.model_copy(update={"kind": "flipped", "show": None})
    turned = [arrange(document.questions[0].choices, flipped, f"{n}", "x")[0].id == "3" for n in range(200)]  # type: ignore[union-attr]
    assert 70 < sum(turned) < 130


def test_a_randomizer_takes_some_of_its_steps() -> None:
    blocks = [
        {"id": f"BL_{letter * 11}", "questions": [question("nps", f"QID{place}")]}
        for place, letter in enumerate("abc", 1)
    ]
    steps = [{"type": "block", "block": block["id"]} for block in blocks]
    flow = [{"type": "randomizer", "id": "FL_1", "show": 2, "flow": steps}]
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks, "flow": flow})
    ways = {tuple(go(document, {}, f"p{number}")[0]) for number in range(200)}
    assert len(ways) == 6
    assert {len(way) for way in ways} == {2}


def test_the_end_that_is_reached_is_said_and_embedded_data_is_set_on_the_way() -> None:
    flow = [
        {
            "type": "embedded_data",
            "id": "FL_1",
            "fields": [{"name": "site"}, {"name": "who", "value": "${m://FirstName}!"}],
        },
        {"type": "block", "block": "BL_aaaaaaaaaaa"},
        {
            "type": "branch",
            "id": "FL_2",
            "when": CHOSEN,
            "flow": [{"type": "end", "id": "FL_3", "message": "Bye"}],
        },
        {
            "type": "embedded_data",
            "id": "FL_4",
            "fields": [{"name": "said", "value": "${q://QID1/ChoiceGroup/SelectedChoices}"}],
        },
    ]
    document = survey_of(question("dropdown"), flow=flow)
    _, end = go(document, {"QID1": "1"}, embedded={"site": "Graz"}, contact={"FirstName": "Ada"})
    assert end.end is not None
    assert end.end.message == "Bye"
    assert end.known.embedded == {"site": "Graz", "who": "Ada!"}
    _, end = go(document, {"QID1": "3"})
    assert end.end is None
    assert end.known.embedded == {"site": "", "who": "!", "said": "Coffee"}


PIPES = {
    "${q://QID1/ChoiceGroup/SelectedChoices}": "Bread",
    "${q://QID1/SelectedChoices}": "Bread",
    "${q://QID1/QuestionText}": "A question: dropdown",
    "${q://QID1/ChoiceGroup/UnselectedChoices}": "Apples, Coffee",
    "${q://QID2/ChoiceTextEntryValue}": "3.5",
    "${q://QID3/SelectedChoices/1}": "Never, Always",
    "${q://QID3/ChoiceDescription/2}": "Now and then",
    "${e://Field/site}": "<Graz>",
    "${m://FirstName}": "Ada",
    "${q://QID9/SelectedChoices}": "",
    "${q://QID4/SelectedChoices}": "",
    "${moon://phase}": "",
    "${unclosed": "${unclosed",
}


@pytest.mark.parametrize(("pipe", "value"), PIPES.items())
def test_pipes(pipe: str, value: str) -> None:
    document = paged(
        question("dropdown"),
        question("text", "QID2"),
        question("matrix", "QID3"),
        question("nps", "QID4", text=f"A {pipe}"),
    )
    answers: Answers = {"QID1": "2", "QID2_TEXT": "3.5", "QID3_1": ["1", "3"], "QID4": 9}
    sent = ("BL_aaaaaaaaaaa/1", "BL_aaaaaaaaaaa/2", "BL_aaaaaaaaaaa/3")
    visit = Visit(answers, sent, "s", {"site": "<Graz>"}, {"FirstName": "Ada"})
    (text,) = texts(walk(document, visit))
    assert text.removeprefix("A").strip() == value


def test_what_a_person_wrote_is_never_read_as_piped_text_and_stays_in_its_place_in_an_address() -> None:
    document = paged(
        question("text", rule={}), question("nps", "QID2", text="${q://QID1/ChoiceTextEntryValue}")
    )
    sneaky = "${m://Email}&admin=1#x/../"
    visit = Visit({"QID1_TEXT": sneaky}, ("BL_aaaaaaaaaaa/1",), contact={"Email": "secret@example.org"})
    walked = walk(document, visit)
    assert texts(walked) == [sneaky]
    address = fill_address("https://example.org/?a=${q://QID1/ChoiceTextEntryValue}", walked.known)
    assert address == "https://example.org/?a=%24%7Bm%3A%2F%2FEmail%7D%26admin%3D1%23x%2F..%2F"


def test_a_number_by_chance_stays() -> None:
    document = survey_of(question("nps", text="${rand://int/1:6}"))
    thrown = {texts(walk(document, Visit(seed=str(number))))[0] for number in range(200)}
    assert thrown == {"1", "2", "3", "4", "5", "6"}
    assert texts(walk(document, Visit(seed="1"))) == texts(walk(document, Visit(seed="1")))


def test_going_back_and_answering_otherwise_leads_elsewhere() -> None:
    document = flowing()
    sent, _ = go(document, {"QID1": "1", "QID2": "x"}, embedded={"site": "Graz"})
    again = walk(document, Visit({"QID1": "3", "QID2": "x"}, (), "s"))
    assert again.page is not None
    assert again.page.key == sent[0]
    _, end = go(document, {"QID1": "3", "QID2": "x"})
    assert end.page is None


def test_a_walk_reads_in_the_language_of_the_person() -> None:
    document = paged(
        question("dropdown"),
        question("nps", "QID2", text="Why ${q://QID1/SelectedChoices}?"),
        translations={"de": {"QID1.choice.2": "Brot", "QID2.text": "Warum ${q://QID1/SelectedChoices}?"}},
    )
    visit = Visit({"QID1": "2"}, ("BL_aaaaaaaaaaa/1",))
    assert texts(walk(localise(document, "de"), visit)) == ["Warum Brot?"]


def test_a_mail_shows_the_first_question_only_when_it_is_the_same_for_everybody() -> None:
    def mailed(*questions: dict[str, Any], **more: Any) -> str:
        found = first_question_in_mail(localise(survey_of(*questions, **more), "en"))
        return found.id if found else ""

    assert mailed(question("timing"), question("nps", "QID2")) == "QID2"
    assert mailed(question("nps", text="Well, ${m://FirstName}?")) == ""
    assert mailed(question("single_choice")) == "", "its answers are in random order"
    assert mailed(question("stars"), question("nps", "QID2")) == "", "several things to rate"


def test_the_mail_begins_where_the_flow_begins() -> None:
    blocks = [
        {"id": "BL_aaaaaaaaaaa", "questions": [question("nps")]},
        {"id": "BL_bbbbbbbbbbb", "questions": [question("nps", "QID2")]},
    ]
    flow = [{"type": "block", "block": "BL_bbbbbbbbbbb"}, {"type": "block", "block": "BL_aaaaaaaaaaa"}]
    document = SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks, "flow": flow})
    found = first_question_in_mail(localise(document, "en"))
    assert found is not None
    assert found.id == "QID2"
