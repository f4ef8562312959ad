"""Questions that are answered by choosing, as the product writes them."""

from __future__ import annotations

from opulse.experience.surveys.models import (
    DrillDown,
    DrillOption,
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    RankOrder,
    SideBySide,
    SideColumn,
    SingleChoice,
)
from opulse.experience.surveys.qsf.html import written
from opulse.experience.surveys.qsf.mapping.drilling import SEPARATOR
from opulse.experience.surveys.qsf.writing.logic import Json, Known
from opulse.experience.surveys.qsf.writing.parts import (
    choices,
    coded,
    described,
    display,
    export_tags,
    groups,
    listed,
    randomization,
)


def write_chosen(question: Question, known: Known) -> Json | None:
    """What a question that is answered by choosing adds to its payload; None for the other kinds."""
    match question:
        case SingleChoice() | MultipleChoice() | Dropdown():
            return _choosing(question, known)
        case NetPromoter():
            return _net_promoter(question)
        case Matrix():
            return _matrix(question, known)
        case SideBySide():
            return _side_by_side(question, known)
        case RankOrder():
            ranked = listed("Choices", "ChoiceOrder", question.choices, known)
            kind = {"QuestionType": "RO", "Selector": "DND", "SubSelector": "TX"}
            return {
                **kind,
                **ranked,
                **coded(question.choices),
                **randomization(question.order, question.choices),
            }
        case DrillDown():
            return _drill_down(question)
        case _:
            return None


def _choosing(question: SingleChoice | MultipleChoice | Dropdown, known: Known) -> Json:
    limits: Json = {}
    if isinstance(question, Dropdown):
        selector = "DL"
    elif isinstance(question, MultipleChoice):
        selector = "MAHR" if question.layout == "horizontal" else "MAVR"
        limits = _limits(question)
    else:
        selector = "SAHR" if question.layout == "horizontal" else "SAVR"
    return {
        "QuestionType": "MC",
        "Selector": selector,
        "SubSelector": "TX",
        **listed("Choices", "ChoiceOrder", question.choices, known),
        **({} if isinstance(question, Dropdown) else groups(question.choices)),
        **coded(question.choices),
        **randomization(question.order, question.choices),
        "Settings": limits,
    }


def _limits(question: MultipleChoice) -> Json:
    least, most = question.min_choices, question.max_choices
    if least is None and most is None:
        return {}
    kind = (
        "ChoiceRange"
        if least is not None and most is not None
        else "MinChoices"
        if most is None
        else "MaxChoices"
    )
    numbers = {"MinChoices": least, "MaxChoices": most}
    return {"Type": kind, **{key: str(value) for key, value in numbers.items() if value is not None}}


def _net_promoter(question: NetPromoter) -> Json:
    numbered = {str(number): {"Display": str(number)} for number in range(11)}
    labels = [
        {**display(words), "IsLabelDefault": False} for words in (question.low_label, question.high_label)
    ]
    return {
        "QuestionType": "MC",
        "Selector": "NPS",
        "Choices": numbered,
        "ChoiceOrder": list(numbered),
        "ColumnLabels": labels,
    }


def _matrix(question: Matrix, known: Known) -> Json:
    bipolar = any(row.opposite for row in question.rows)
    listed_rows = listed("Choices", "ChoiceOrder", question.rows, known)
    if bipolar:
        for row in question.rows:
            listed_rows["Choices"][row.id] |= display(f"{row.text}:{row.opposite}")
    flipped = {"Randomization": {"Advanced": None, "TotalRandSubset": "", "Type": "ScaleReversal"}}
    return {
        "QuestionType": "Matrix",
        "Selector": "Bipolar" if bipolar else "Likert",
        "SubSelector": {"one": "SingleAnswer", "several": "MultipleAnswer", "list": "DL"}[question.answers],
        "Configuration": {"RepeatHeaders": "none", "MobileFirst": True},
        **listed_rows,
        **listed("Answers", "AnswerOrder", question.scale, known),
        **export_tags(question.rows),
        **coded(question.scale),
        **(flipped if question.flip_scale else randomization(question.order, question.rows)),
    }


def _side_by_side(question: SideBySide, known: Known) -> Json:
    return {
        "QuestionType": "SBS",
        "Selector": "SBSMatrix",
        "Configuration": {"RepeatHeaders": "none"},
        **listed("Choices", "ChoiceOrder", question.rows, known),
        **export_tags(question.rows),
        **randomization(question.order, question.rows),
        "NumberOfQuestions": len(question.columns),
        "AdditionalQuestions": {one.id: _column(one, question, known) for one in question.columns},
    }


def _column(column: SideColumn, question: SideBySide, known: Known) -> Json:
    selectors = {"one": "SingleAnswer", "several": "MultipleAnswer", "list": "DL", "text": "Short"}
    name = f"{question.id}#{column.id}"
    typed = column.answers == "text"
    answers = (
        {"Answers": {"1": {"Display": ""}}}
        if typed
        else listed("Answers", "AnswerOrder", column.scale, known)
    )
    return {
        "QuestionText": written(column.text),
        "QuestionID": name,
        "DataExportTag": f"{question.export_tag or question.id}#{column.id}",
        "QuestionType": "Matrix",
        "Selector": "TE" if typed else "Likert",
        "SubSelector": selectors[column.answers],
        "QuestionDescription": described(column.text),
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "Choices": choices(question.rows, {}),
        "ChoiceDataExportTags": False,
        **answers,
        **coded(column.scale),
        "Validation": {"Settings": {"ForceResponse": "OFF", "Type": "None"}},
    }


def _drill_down(question: DrillDown) -> Json:
    paths: dict[str, str] = {}
    recodes: dict[str, str] = {}

    def walk(options: tuple[DrillOption, ...], before: str) -> None:
        for option in options:
            path = f"{before}{SEPARATOR}{option.text}" if before else option.text
            if option.options:
                walk(option.options, path)
            else:
                paths[option.id] = path
                recodes[option.id] = option.recode or option.id

    walk(question.options, "")
    return {
        "QuestionType": "DD",
        "Selector": "DL",
        "Configuration": {"VariableCount": len(question.levels)},
        "Choices": {str(place): display(level) for place, level in enumerate(question.levels, start=1)},
        "ChoiceOrder": [str(place) for place in range(1, len(question.levels) + 1)],
        "Answers": {name: display(path) for name, path in paths.items()},
        "AnswerOrder": list(paths),
        "RecodeValues": recodes,
    }
