"""Conditions, skips, blocks, loops, the flow and translations of a file."""

from __future__ import annotations

import pytest

from opulse.experience.surveys import models
from opulse.experience.surveys.models import (
    AnswerCondition,
    Branch,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    FieldCondition,
    Operator,
    QuestionCondition,
    QuestionOperator,
    SetFields,
    SkipRule,
)
from opulse.experience.surveys.qsf import Outcome
from opulse.experience.surveys.rules import validate_document
from opulse.experience.surveys.rules.walking import Visit, walk
from tests.unit.experience.surveys.qsf.files import (
    BLOCK,
    SECOND,
    Json,
    answers,
    block,
    choices,
    imported,
    line,
    logic,
    mapped,
    one_of,
    qsf,
    question,
)

MATRIX = question("QID2", "Matrix", "Likert", "SingleAnswer", **choices("r1", "r2"), **answers("a", "b"))
SIDES = question(
    "QID3",
    "SBS",
    "SBSMatrix",
    **choices("r1", "r2"),
    AdditionalQuestions={"1": question("QID3#1", "Matrix", "Likert", "SingleAnswer", **answers("a", "b"))},
)
BEFORE = (one_of("QID1"), MATRIX, SIDES, question("QID4", "TE", "SL"), question("QID5", "MC", "NPS"))
EQUAL, AT_LEAST = Comparison.EQUAL, Comparison.GREATER_OR_EQUAL


def field(kind: str, operand: str, operator: str, value: str = "") -> Json:
    return {
        "LogicType": kind,
        "LeftOperand": operand,
        "Operator": operator,
        "RightOperand": value,
        "Type": "Expression",
    }


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        (line("q://QID1/SelectableChoice/2"), ChoiceCondition(question="QID1", choice="2")),
        (
            line("q://QID1/SelectableChoice/1", "NotSelected"),
            ChoiceCondition(question="QID1", choice="1", operator=Operator.NOT_SELECTED),
        ),
        (
            line("q://QID1/ChoiceDisplayed/1", "Displayed"),
            ChoiceCondition(question="QID1", choice="1", operator=Operator.DISPLAYED),
        ),
        (line("q://QID2/SelectableChoice/2/1"), ChoiceCondition(question="QID2", choice="1", row="2")),
        (
            line("q://QID2/SelectableAnswer/1"),
            ConditionGroup(
                match="any",
                conditions=(
                    ChoiceCondition(question="QID2", choice="1", row="1"),
                    ChoiceCondition(question="QID2", choice="1", row="2"),
                ),
            ),
        ),
        (
            line("q://QID3%231/SelectableChoice/2/1"),
            AnswerCondition(question="QID3", part="#1_2", operator=EQUAL, value="1"),
        ),
        (
            line("q://QID4/ChoiceTextEntryValue", "Contains", RightOperand="x"),
            AnswerCondition(question="QID4", part="TEXT", operator=Comparison.CONTAINS, value="x"),
        ),
        (line("q://QID5/SelectableChoice/9"), AnswerCondition(question="QID5", operator=EQUAL, value="9")),
        (
            line("q://QID1/SelectedChoicesRecode", "GreaterThanOrEqual", RightOperand="2"),
            AnswerCondition(question="QID1", of="recode", operator=AT_LEAST, value="2"),
        ),
        (
            line("q://QID1/SelectedChoicesCount", "EqualTo", RightOperand="1"),
            AnswerCondition(question="QID1", of="count", operator=EQUAL, value="1"),
        ),
        (
            line("q://QID1/QuestionDisplayed", "Displayed"),
            QuestionCondition(question="QID1", operator=QuestionOperator.SHOWN),
        ),
        (
            line("q://QID1/ChoiceGroup/SelectedChoices", "Empty"),
            QuestionCondition(question="QID1", operator=QuestionOperator.NOT_ANSWERED),
        ),
        (
            field("EmbeddedField", "plan", "EqualTo", "gold"),
            FieldCondition(name="plan", operator=EQUAL, value="gold"),
        ),
        (
            field("PanelData", "m://Email1", "NotEmpty"),
            FieldCondition(source="contact", name="Email", operator=Comparison.NOT_EMPTY),
        ),
        (
            field("DeviceType", "desktop", "Is"),
            FieldCondition(source="device", name="type", operator=EQUAL, value="desktop"),
        ),
        (
            {"LogicType": "BooleanValue", "Value": "False", "Type": "Expression"},
            ConstantCondition(value=False),
        ),
    ],
)
def test_a_line_becomes_a_condition(asked: Json, condition: Condition) -> None:
    found, item = mapped(one_of("QID9", DisplayLogic=logic(asked)), *BEFORE)
    conditions = condition.conditions if isinstance(condition, ConditionGroup) else (condition,)
    match = condition.match if isinstance(condition, ConditionGroup) else "all"
    assert found.display == DisplayLogic(match=match, conditions=conditions)
    assert item.outcome is Outcome.TAKEN


@pytest.mark.parametrize(
    "asked",
    [
        line("q://undefined/undefined"),
        line("q://QID1/SelectableChoice/77"),
        line("q://QID1/SelectableChoice/1", "ClickedIn"),
        line(""),
        field("Quota", "QO_1", "QuotaMet"),
        field("GeoIP", "loc://CountryCode", "Is", "US"),
        field("EmbeddedField", "", "EqualTo"),
        field("EmbeddedField", "x", "MatchesRegex", "(?=look)"),
        {},
    ],
)
def test_a_line_that_cannot_be_judged_is_left_out_and_said(asked: Json) -> None:
    payload = one_of(
        "QID9", DisplayLogic=logic(line("q://QID1/SelectableChoice/1"), {**asked, "Conjuction": "And"})
    )
    found, item = mapped(payload, *BEFORE)
    assert found.display == DisplayLogic(conditions=(ChoiceCondition(question="QID1", choice="1"),))
    assert item.outcome is Outcome.APPROXIMATED
    assert "display logic" in item.reason


@pytest.mark.parametrize("spelling", ["Conjunction", "Conjuction"])
def test_and_binds_before_or_under_both_spellings(spelling: str) -> None:
    one, two, three = (line(f"q://QID{n}/SelectableChoice/1") for n in (1, 6, 7))
    lines = logic(one, {**two, spelling: "And"}, {**three, spelling: "Or"})
    found, _ = mapped(one_of("QID9", DisplayLogic=lines), one_of("QID1"), one_of("QID6"), one_of("QID7"))
    assert found.display is not None
    both, alone = found.display.conditions
    assert found.display.match == "any"
    assert isinstance(both, ConditionGroup)
    assert [one.question for one in both.conditions if isinstance(one, ChoiceCondition)] == ["QID1", "QID6"]
    assert alone == ChoiceCondition(question="QID7", choice="1")


def test_a_condition_on_a_later_question_is_what_it_was_in_the_product() -> None:
    later = logic(line("q://QID2/SelectableChoice/1", "NotSelected"))
    done = imported(qsf(one_of("QID1", InPageDisplayLogic=later), one_of("QID2")))
    assert done.document.questions[0].display == DisplayLogic(conditions=(ConstantCondition(value=True),))
    assert done.report.count(Outcome.TAKEN) == 2
    assert any("comes later" in note for note in done.report.notes)


def test_skips_go_forward_only() -> None:
    def skip(target: str) -> Json:
        locator = "q://QID2/SelectableChoice/1"
        return {
            "ChoiceLocator": locator,
            "Condition": "Selected",
            "SkipToDestination": target,
            "QuestionID": "QID2",
        }

    skips = [skip("QID3"), skip("ENDOFSURVEY"), skip("QID1"), skip("QID77")]
    element = {"Type": "Question", "QuestionID": "QID2", "SkipLogic": skips}
    blocks = [block(BLOCK, "QID1", element, "|", "QID3")]
    done = imported(qsf(one_of("QID1"), one_of("QID2"), one_of("QID3"), blocks=blocks))
    second = done.document.questions[1]
    when = DisplayLogic(conditions=(ChoiceCondition(question="QID2", choice="1"),))
    assert second.skips == (SkipRule(when=when, to="QID3"), SkipRule(when=when, to="end_of_survey"))
    assert second.page_break
    assert validate_document(done.document) == []


def test_deleted_questions_are_kept_apart() -> None:
    blocks = [block(BLOCK, "QID1"), block(SECOND, "QID2", Type="Trash")]
    done = imported(qsf(one_of("QID1"), one_of("QID2"), blocks=blocks))
    assert [one.id for one in done.document.questions] == ["QID1"]
    assert [one.id for one in done.document.trash] == ["QID2"]
    assert [(one.id, one.outcome, "deleted" in one.reason) for one in done.report.items] == [
        ("QID1", Outcome.TAKEN, False),
        ("QID2", Outcome.TAKEN, True),
    ]


def test_a_large_block_is_parted() -> None:
    payloads = [one_of(f"QID{number}") for number in range(1, 1_202)]
    done = imported(qsf(*payloads))
    assert [len(one.questions) for one in done.document.blocks] == [500, 500, 201]
    assert done.report.count(Outcome.TAKEN) == 1_201


def test_loops_over_rows_and_over_choices() -> None:
    rows = {
        "Looping": "Static",
        "LoopingOptions": {"Static": {"1": {"1": "a", "2": "b"}, "2": {"1": ""}, "3": {"1": "c"}}},
    }
    chosen = {
        "Looping": "Question",
        "LoopingOptions": {
            "ChoiceGroupLocator": "q://QID1/ChoiceGroup/SelectedChoices",
            "Randomization": "All",
        },
    }
    blocks = [block(BLOCK, "QID1", Options=rows), block(SECOND, "QID2", Options=chosen)]
    first, second = imported(qsf(one_of("QID1"), one_of("QID2"), blocks=blocks)).document.blocks
    assert first.loop is not None
    assert [(row.id, row.fields) for row in first.loop.rows] == [("1", ("a", "b")), ("3", ("c",))]
    assert second.loop == models.Loop(question="QID1", take="selected", order=models.Ordering(kind="random"))


def test_the_flow_keeps_branches_data_chance_and_ends() -> None:
    data = {"Type": "Custom", "Field": "plan", "Value": "${e://Field/a} & b"}
    recipient = {"Type": "Recipient", "Field": "team", "Description": "team"}
    ending = {
        "SurveyTermination": "Redirect",
        "EOSRedirectURL": "https://example.org/",
        "ResponseFlag": "Screened",
    }
    flow: list[Json] = [
        {"Type": "EmbeddedData", "FlowID": "FL_2", "EmbeddedData": [data, recipient]},
        {"Type": "Block", "ID": BLOCK, "FlowID": "FL_3"},
        {
            "Type": "Branch",
            "FlowID": "FL_4",
            "BranchLogic": logic(line("q://QID1/SelectableChoice/1")),
            "Flow": [{"Type": "EndSurvey", "FlowID": "FL_5", "Options": ending}],
        },
        {"Type": "BlockRandomizer", "FlowID": "FL_6", "SubSet": "1", "EvenPresentation": True, "Flow": [
            {"Type": "Standard", "ID": SECOND, "FlowID": "FL_7"},
            {"Type": "Group", "FlowID": "FL_7", "Description": "Extra", "Flow": []},
        ]},
        {"Type": "WebService", "FlowID": "FL_9", "URL": "https://example.org"},
    ]  # fmt: skip
    blocks = [block(SECOND, "QID2"), block(BLOCK, "QID1")]
    done = imported(qsf(one_of("QID1"), one_of("QID2"), blocks=blocks, flow=flow))
    fields, first, branch, chance = done.document.flow
    assert isinstance(fields, SetFields)
    assert [(one.name, one.value) for one in fields.fields] == [
        ("plan", "${e://Field/a} & b"),
        ("team", None),
    ]
    assert first == models.BlockStep(block=BLOCK)
    assert isinstance(branch, Branch)
    end = models.EndOfSurvey(id="FL_5", redirect="https://example.org/", flag="screened")
    assert branch.flow == (end,)
    assert isinstance(chance, models.Randomizer)
    assert (chance.show, chance.even, [one.type for one in chance.flow]) == (1, True, ["block", "group"])
    assert [one.id for one in done.document.blocks] == [BLOCK, SECOND]
    assert any("web service" in note for note in done.report.notes)
    assert validate_document(done.document) == []


def test_nobody_is_led_into_a_branch_whose_condition_cannot_be_judged() -> None:
    inner = [{"Type": "Block", "ID": BLOCK, "FlowID": "FL_3"}]
    branch = {
        "Type": "Branch",
        "FlowID": "FL_2",
        "BranchLogic": logic(field("Quota", "QO_1", "QuotaMet")),
        "Flow": inner,
    }
    done = imported(qsf(one_of("QID1"), flow=[branch]))
    (step,) = done.document.flow
    assert isinstance(step, Branch)
    assert step.when == DisplayLogic(conditions=(ConstantCondition(value=False),))
    assert any("nobody is led into it" in note for note in done.report.notes)


def test_an_end_leads_to_https_only() -> None:
    ending = {"SurveyTermination": "Redirect", "EOSRedirectURL": "javascript:alert(1)"}
    flow: list[Json] = [
        {"Type": "Block", "ID": BLOCK, "FlowID": "FL_2"},
        {"Type": "EndSurvey", "FlowID": "FL_3", "Options": ending},
    ]
    done = imported(qsf(one_of("QID1"), flow=flow))
    assert done.document.flow[1] == models.EndOfSurvey(id="FL_3")
    assert any("https" in note for note in done.report.notes)


def test_translations_are_found_under_our_keys_and_codes() -> None:
    german = {"QuestionText": "Frage", "Choices": {"1": {"Display": "Ja"}, "2": {"Display": "No"}}}
    done = imported(
        qsf(one_of("QID1", Language={"DE": german, "ZH-S": {"QuestionText": "问题"}, "EN": german}))
    )
    assert done.document.translations == {
        "de": {"QID1.text": "Frage", "QID1.choice.1": "Ja"},
        "zh-hans": {"QID1.text": "问题"},
    }


def test_options_of_the_pages() -> None:
    options = {
        "BackButton": "true",
        "ProgressBarDisplay": "Text",
        "NextButton": "Onwards",
        "PreviousButton": " ← ",
        "QuestionsPerPage": "1",
        "SurveyTitle": "Your week",
        "Header": "<b>Acme</b>",
    }
    done = imported(qsf(one_of("QID1"), options=options, SurveyLanguage="DE"))
    found = done.document.options
    assert (found.back, found.progress, found.next_text, found.back_text) == (True, "text", "Onwards", "")
    assert (found.one_per_page, done.document.title, done.name) == (True, "Your week", "Small")
    assert done.document.language == "de"
    assert any("Header" in note for note in done.report.notes)


def test_a_block_that_the_flow_names_twice_is_asked_once() -> None:
    again = {"Type": "Branch", "FlowID": "FL_3", "BranchLogic": logic(line("q://QID1/SelectableChoice/1"))}
    inner = [{"Type": "Block", "ID": BLOCK, "FlowID": "FL_4"}]
    flow: list[Json] = [{"Type": "Block", "ID": BLOCK, "FlowID": "FL_2"}, {**again, "Flow": inner}]
    document = imported(qsf(one_of("QID1"), flow=flow)).document
    first = walk(document, Visit())
    assert first.page is not None
    assert first.to_come == 0
    assert walk(document, Visit(answers={"QID1": "1"}, sent=(first.page.key,))).page is None
