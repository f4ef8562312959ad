"""Each type of question of the product: what it becomes here, and what the report says."""

from __future__ import annotations

import pytest

from opulse.experience.surveys import models
from opulse.experience.surveys.models import Comparison, Ordering, TextRule
from opulse.experience.surveys.qsf import Outcome
from tests.unit.experience.surveys.qsf.files import (
    Json,
    answers,
    choices,
    imported,
    line,
    logic,
    mapped,
    one_of,
    qsf,
    question,
)

AB = choices("a", "b")
SCALE = answers("never", "always")
MATRIX = {**AB, **SCALE}
TAKEN: list[tuple[Json, type[models.Question]]] = [
    (question("QID1", "MC", "SAVR", "TX", **AB), models.SingleChoice),
    (question("QID1", "MC", "SAHR", "TX", **AB), models.SingleChoice),
    (question("QID1", "MC", "SACOL", "TX", **AB), models.SingleChoice),
    (question("QID1", "MC", "SB", **AB), models.SingleChoice),
    (question("QID1", "MC", "MAVR", "TX", **AB), models.MultipleChoice),
    (question("QID1", "MC", "MAHR", "TX", **AB), models.MultipleChoice),
    (question("QID1", "MC", "MSB", **AB), models.MultipleChoice),
    (question("QID1", "MC", "DL", **AB), models.Dropdown),
    (question("QID1", "MC", "NPS"), models.NetPromoter),
    (question("QID1", "TE", "SL"), models.TextEntry),
    (question("QID1", "TE", "ML"), models.TextEntry),
    (question("QID1", "TE", "ESTB"), models.TextEntry),
    (question("QID1", "TE", "PW"), models.TextEntry),
    (question("QID1", "TE", "FORM", **AB), models.FormEntry),
    (question("QID1", "Matrix", "Likert", "SingleAnswer", **MATRIX), models.Matrix),
    (question("QID1", "Matrix", "Likert", "MultipleAnswer", **MATRIX), models.Matrix),
    (question("QID1", "Matrix", "Likert", "DL", **MATRIX), models.Matrix),
    (
        question("QID1", "Matrix", "Bipolar", "SingleAnswer", **choices("cold:warm", "a:b"), **SCALE),
        models.Matrix,
    ),
    (question("QID1", "Matrix", "TE", "Short", **MATRIX), models.TextMatrix),
    (question("QID1", "Slider", "HSLIDER", **AB), models.Slider),
    (question("QID1", "Slider", "HBAR", **AB), models.Slider),
    (question("QID1", "Slider", "STAR", Configuration={"StarCount": 7}, **AB), models.Stars),
    (question("QID1", "CS", "VRTL", "TX", **AB), models.ConstantSum),
    (question("QID1", "RO", "DND", "TX", **AB), models.RankOrder),
    (
        question("QID1", "DD", "DL", **choices("Country", "City"), **answers("A ~ B", "A ~ C", "D")),
        models.DrillDown,
    ),
    (question("QID1", "DB", "TB"), models.Descriptive),
]
APPROXIMATED: list[tuple[Json, type[models.Question], str]] = [
    (question("QID1", "DB", "GRB", "WOTXB", Graphics="IM_1"), models.Descriptive, "picture"),
    (question("QID1", "Timing", "PageTimer"), models.Timing, "clicks are not counted"),
    (question("QID1", "Meta", "Browser"), models.BrowserInfo, "screen"),
    (question("QID1", "Matrix", "MaxDiff", **MATRIX), models.Matrix, "best and the worst"),
    (question("QID1", "Matrix", "CS", "WOTB", **MATRIX), models.TextMatrix, "adds up"),
    (question("QID1", "PGR", "DragAndDrop", **AB, Groups=["x", "y"]), models.Matrix, "order in a group"),
    (question("QID1", "MC", "NEW", **AB), models.SingleChoice, "look NEW"),
    (question("QID1", "Slider", "STAR", Configuration={"StarCount": 20}), models.Stars, "3 to 10 stars"),
]
LEFT = [
    "Captcha",
    "FileUpload",
    "Draw",
    "HotSpot",
    "HeatMap",
    "HL",
    "GAP",
    "SS",
    "TreeSelect",
    "DynamicMatrix",
    "Ne",
    "",
]


def _name(case: tuple[Json, type[models.Question]]) -> str:
    return "/".join(str(case[0][key]) for key in ("QuestionType", "Selector", "SubSelector"))


@pytest.mark.parametrize("case", TAKEN, ids=_name)
def test_ordinary_types_are_taken(case: tuple[Json, type[models.Question]]) -> None:
    found, item = mapped(case[0])
    assert (type(found), item.outcome, item.reason) == (case[1], Outcome.TAKEN, "")


@pytest.mark.parametrize(
    ("payload", "kind", "words"), APPROXIMATED, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_is_different_is_said(payload: Json, kind: type[models.Question], words: str) -> None:
    found, item = mapped(payload)
    assert (type(found), item.outcome) == (kind, Outcome.APPROXIMATED)
    assert words in item.reason


@pytest.mark.parametrize("kind", LEFT)
def test_what_cannot_be_asked_is_left_with_a_reason(kind: str) -> None:
    done = imported(qsf(one_of("QID1"), question("QID2", kind, "X")))
    (item,) = [one for one in done.report.items if one.id == "QID2"]
    assert item.outcome is Outcome.LEFT
    assert item.reason.endswith(".")
    assert [one.id for one in done.document.questions] == ["QID1"]


def test_choices_keep_boxes_exclusions_values_and_names() -> None:
    payload = question("QID1", "MC", "MAVR", "TX", **choices("a", "Other", "None"))
    payload["Choices"]["2"]["TextEntry"] = "on"
    payload["Choices"]["3"]["ExclusiveAnswer"] = True
    payload |= {"RecodeValues": {"1": 1, "2": "-9"}, "VariableNaming": {"1": "a", "2": "other"}}
    payload["Validation"]["Settings"] |= {"Type": "ChoiceRange", "MinChoices": "1", "MaxChoices": "2"}
    found, item = mapped(payload)
    assert isinstance(found, models.MultipleChoice)
    first, other, none = found.choices
    assert (first.recode, first.label) == ("", "")
    assert (other.text_entry, other.recode, other.label) == (True, "-9", "other")
    assert none.exclusive
    assert (found.min_choices, found.max_choices, item.outcome) == (1, 2, Outcome.TAKEN)


def test_groups_become_headings() -> None:
    payload = question("QID1", "MC", "SAVR", "TX", **choices("a", "b", "c"))
    payload["ChoiceGroups"] = {"cg_1": {"GroupLabel": "Later", "ChoiceGroupOrder": [1, "3"], "Options": []}}
    payload["ChoiceGroupOrder"] = ["2", "cg_1"]
    found, _ = mapped(payload)
    assert isinstance(found, models.SingleChoice)
    assert [(one.id, one.group) for one in found.choices] == [("2", ""), ("1", "Later"), ("3", "Later")]


@pytest.mark.parametrize(
    ("asked", "required", "request_once"),
    [
        ({"ForceResponse": "ON", "ForceResponseType": "ON"}, True, False),
        ({"ForceResponse": "ON", "ForceResponseType": "RequestResponse"}, False, True),
        ({"ForceResponse": "RequestResponse"}, False, True),
        ({"ForceResponse": "OFF", "ForceResponseType": "ON"}, False, False),
    ],
)
def test_forced_and_requested(asked: Json, required: bool, request_once: bool) -> None:
    found, _ = mapped(one_of("QID1", Validation={"Settings": asked}))
    assert (found.required, found.request) == (required, request_once)


@pytest.mark.parametrize(
    ("asked", "rule", "longest"),
    [
        ({"Type": "None"}, TextRule(), 20_000),
        ({"Type": "CharRange", "MinChars": "5", "TotalChars": "90"}, TextRule(min_length=5), 90),
        ({"Type": "ContentType", "ContentType": "ValidEmail"}, TextRule(content="email"), 20_000),
        ({"Type": "ValidNumber", "ValidNumber": {"Min": "0"}}, TextRule(content="number", minimum=0), 20_000),
        (
            {
                "Type": "ContentType",
                "ContentType": "ValidNumber",
                "ValidNumber": {"Min": "1", "Max": 9, "NumDecimals": "2"},
            },
            TextRule(content="number", minimum=1, maximum=9, decimals=2),
            20_000,
        ),
    ],
)
def test_what_a_text_must_be(asked: Json, rule: TextRule, longest: int) -> None:
    found, item = mapped(question("QID1", "TE", "SL", Validation={"Settings": asked}))
    assert isinstance(found, models.TextEntry)
    assert (found.rule, found.max_length, item.outcome) == (rule, longest, Outcome.TAKEN)


@pytest.mark.parametrize(
    ("asked", "order", "fixed"),
    [
        ({"Type": "None"}, Ordering(), []),
        ({"TotalRandSubset": ""}, Ordering(), []),
        ({"Type": "All"}, Ordering(kind="random"), []),
        ({"Type": "SubSet", "TotalRandSubset": "2"}, Ordering(kind="random", show=2), []),
        ({"Type": "ScaleReversal"}, Ordering(kind="flipped"), []),
        (
            {
                "Type": "Advanced",
                "Advanced": {
                    "FixedOrder": ["{~Randomized~}", "{~Randomized~}", "3"],
                    "RandomizeAll": ["1", 2],
                },
            },
            Ordering(kind="random"),
            ["3"],
        ),
    ],
)
def test_order_by_chance(asked: Json, order: Ordering, fixed: list[str]) -> None:
    found, _ = mapped(one_of("QID1", "a", "b", "c", Randomization=asked))
    assert isinstance(found, models.SingleChoice)
    assert (found.order, [one.id for one in found.choices if one.fixed]) == (order, fixed)


def test_sliders_have_a_range_words_along_it_and_statements() -> None:
    configuration = {
        "CSSliderMin": "10",
        "CSSliderMax": 30,
        "GridLines": 4,
        "SnapToGrid": True,
        "NumDecimals": "0",
    }
    labels = {"1": {"Display": "low"}, "2": {"Display": "middle"}, "3": {"Display": "high"}}
    found, item = mapped(
        question("QID1", "Slider", "HSLIDER", Configuration=configuration, Labels=labels, **AB)
    )
    assert isinstance(found, models.Slider)
    assert (found.minimum, found.maximum, found.step) == (10, 30, 5)
    assert (found.labels, [one.text for one in found.items]) == (("low", "middle", "high"), ["a", "b"])
    assert item.outcome is Outcome.TAKEN


def test_a_lone_statement_without_words_is_the_slider_itself() -> None:
    found, item = mapped(question("QID1", "Slider", "HSLIDER", **choices("")))
    assert isinstance(found, models.Slider)
    assert (found.items, item.outcome) == ((), Outcome.TAKEN)


def test_a_side_by_side_has_columns_of_their_own_kind() -> None:
    inner = {
        "1": question("QID1#1", "Matrix", "Likert", "SingleAnswer", **MATRIX),
        "2": question("QID1#2", "Matrix", "Likert", "DL", **MATRIX),
        "3": question("QID1#3", "Matrix", "TE", "Long", **AB, **answers("what", "why")),
    }
    found, item = mapped(question("QID1", "SBS", "SBSMatrix", AdditionalQuestions=inner, **AB))
    assert isinstance(found, models.SideBySide)
    assert [(one.id, one.answers) for one in found.columns] == [
        ("1", "one"),
        ("2", "list"),
        ("3", "text"),
        ("4", "text"),
    ]
    assert [one.text for one in found.columns][2:] == ["Question QID1#3 – what", "Question QID1#3 – why"]
    assert item.outcome is Outcome.TAKEN


def test_a_drill_down_is_a_tree() -> None:
    payload = question("QID1", "DD", "DL", **choices("Country", "City"), **answers("A ~ B", "A ~ C", "D"))
    found, _ = mapped(payload)
    assert isinstance(found, models.DrillDown)
    assert found.levels == ("Country", "City")
    tree = [(one.text, [(inner.id, inner.text) for inner in one.options]) for one in found.options]
    assert tree == [("A", [("1", "B"), ("2", "C")]), ("D", [])]


def test_carried_choices_are_written_out_under_conditions() -> None:
    carried = {
        "Locator": "q://QID1/ChoiceGroup/SelectedChoices",
        "DynamicType": "ChoiceGroup",
        "Type": "Dynamic",
    }
    payload = question("QID2", "MC", "SAVR", "TX", Choices=[], DynamicChoices=carried)
    found, item = mapped(payload, question("QID1", "MC", "MAVR", "TX", **choices("a", "b")))
    assert isinstance(found, models.SingleChoice)
    assert [one.text for one in found.choices] == ["a", "b"]
    assert found.choices[1].display is not None
    assert found.choices[1].display.conditions == (models.ChoiceCondition(question="QID1", choice="2"),)
    assert "carried" in item.reason


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"QuestionJS": "Qualtrics.SurveyEngine.addOnload(function()\n{\n\tthis.hideNextButton();\n});"},
            "script",
        ),
        ({"DefaultChoices": {"1": {"Selected": True}}}, "chosen beforehand"),
        ({"DataVisibility": {"Private": False, "Hidden": True}}, "hidden"),
        ({"QuestionText": '<img src="x.png">See'}, "picture"),
        ({"QuestionText": "On ${date://CurrentDate/SL}"}, "date"),
        ({"QuestionText": ""}, ""),
    ],
)
def test_extras_that_do_not_come_along(more: Json, words: str) -> None:
    _, item = mapped({**one_of("QID1"), "QuestionDescription": "", **more})
    assert item.outcome is Outcome.APPROXIMATED
    assert words in item.reason


def test_the_frame_of_an_unused_script_is_no_script() -> None:
    frame = "Qualtrics.SurveyEngine.addOnload(function()\n{\n\t/*Place your JavaScript here to run when the page loads*/\n\n});"
    _, item = mapped(one_of("QID1", QuestionJS=frame))
    assert item.outcome is Outcome.TAKEN


def test_an_own_check_is_kept_and_its_words_are_missed() -> None:
    must = logic(line("q://QID1/ChoiceTextEntryValue", "EqualTo", RightOperand="yes"))
    settings = {
        "Type": "CustomValidation",
        "CustomValidation": {"Logic": must, "Message": {"messageID": None}},
    }
    found, item = mapped(question("QID1", "TE", "SL", Validation={"Settings": settings}))
    assert found.check is not None
    (condition,) = found.check.must_hold.conditions
    expected = models.AnswerCondition(question="QID1", part="TEXT", operator=Comparison.EQUAL, value="yes")
    assert condition == expected
    assert "library" in item.reason


def test_piped_text_speaks_of_our_ids() -> None:
    text = "You said ${q://Q1/ChoiceGroup/SelectedChoices}, ${m://FirstName}, ${rand://int/1:9}."
    done = imported(qsf(one_of("Q1"), one_of("QID2", QuestionText=text)))
    assert (
        done.document.questions[1].text
        == "You said ${q://QIDQ1/ChoiceGroup/SelectedChoices}, ${m://FirstName}, ${rand://int/1:9}."
    )
    assert done.report.count(Outcome.TAKEN) == 2


def test_points_from_nought_may_be_a_list() -> None:
    points = [{"Display": str(number)} for number in range(3)]
    payload = question("QID1", "MC", "SAVR", "TX", Choices=points, ChoiceOrder=["0", "1", "2"])
    found, item = mapped(payload)
    assert isinstance(found, models.SingleChoice)
    assert [(one.text, one.recode or one.id) for one in found.choices] == [("0", "0"), ("1", "1"), ("2", "2")]
    assert item.outcome is Outcome.TAKEN


@pytest.mark.parametrize(
    ("choice", "settings"),
    [
        ({"TextEntryValidation": "ValidNumber"}, {}),
        ({"TextEntryValidation": {"Settings": {"ContentType": "ValidNumber"}}}, {}),
        ({}, {"SubValidation": {"1": {"ContentType": "ValidNumber"}}}),
    ],
)
def test_a_line_of_a_form_is_checked_wherever_a_file_says_so(choice: Json, settings: Json) -> None:
    payload = question("QID1", "TE", "FORM", **choices("Age"), Validation={"Settings": settings})
    payload["Choices"]["1"] |= {"TextEntryForceResponse": True, **choice}
    found, item = mapped(payload)
    assert isinstance(found, models.FormEntry)
    assert (found.fields[0].rule.content, found.fields[0].required, item.outcome) == (
        "number",
        True,
        Outcome.TAKEN,
    )


def test_a_check_of_the_box_beside_a_choice_is_missed() -> None:
    payload = one_of("QID1")
    payload["Choices"]["2"] |= {"TextEntry": "true", "TextEntryValidation": "ValidNumber"}
    _, item = mapped(payload)
    assert "beside a choice" in item.reason


def test_numbers_of_a_limit_that_is_switched_off_do_not_count() -> None:
    settings = {"Type": "MinChoices", "MinChoices": "1", "MaxChoices": "1", "MinChars": "9"}
    found, _ = mapped(question("QID1", "MC", "MAVR", "TX", **AB, Validation={"Settings": settings}))
    assert isinstance(found, models.MultipleChoice)
    assert (found.min_choices, found.max_choices) == (1, None)
