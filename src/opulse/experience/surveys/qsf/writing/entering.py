"""Questions that are answered by a number or a text, and those that nobody answers, as the product writes them."""

from __future__ import annotations

from opulse.experience.surveys.models import (
    ConstantSum,
    Descriptive,
    FormEntry,
    Question,
    Slider,
    Stars,
    TextEntry,
    TextMatrix,
    Timing,
)
from opulse.experience.surveys.qsf.html import written
from opulse.experience.surveys.qsf.writing.logic import Json, Known
from opulse.experience.surveys.qsf.writing.parts import (
    coded,
    content_name,
    display,
    export_tags,
    listed,
    randomization,
    rule_settings,
)

_TIMES = ("First Click", "Last Click", "Page Submit", "Click Count")
_BROWSER = (
    "Browser",
    "Version",
    "Operating System",
    "Screen Resolution",
    "Flash Version",
    "Java Support",
    "User Agent",
)
_LINES = {"one": "SL", "several": "ML", "essay": "ESTB"}


def write_entered(question: Question, known: Known) -> Json:
    """What a question that is typed, moved or not answered at all adds to its payload."""
    match question:
        case TextEntry():
            selector = "PW" if question.secret else _LINES[question.lines]
            rules = rule_settings(question.rule, question.max_length)
            source = {"AllowFreeResponse": "false"}
            return {"QuestionType": "TE", "Selector": selector, "SearchSource": source, "Settings": rules}
        case FormEntry():
            return _form(question, known)
        case TextMatrix():
            return _text_matrix(question, known)
        case Slider() | Stars():
            return _slider(question, known)
        case ConstantSum():
            return _constant_sum(question, known)
        case Descriptive():
            return {"QuestionType": "DB", "Selector": "TB", "ChoiceOrder": []}
        case Timing():
            configuration = {"MinSeconds": "0", "MaxSeconds": "0"}
            return {
                "QuestionType": "Timing",
                "Selector": "PageTimer",
                "Configuration": configuration,
                "Choices": _numbered(_TIMES),
            }
        case _:
            listed_parts = _numbered(_BROWSER)
            return {
                "QuestionType": "Meta",
                "Selector": "Browser",
                "Choices": listed_parts,
                "ChoiceOrder": list(listed_parts),
            }


def _numbered(words: tuple[str, ...]) -> Json:
    return {str(place): {"Display": one} for place, one in enumerate(words, start=1)}


def _text_matrix(question: TextMatrix, known: Known) -> Json:
    return {
        "QuestionType": "Matrix",
        "Selector": "TE",
        "SubSelector": "Short",
        **listed("Choices", "ChoiceOrder", question.rows, known),
        **listed("Answers", "AnswerOrder", question.columns, known),
        **export_tags(question.rows),
        **randomization(question.order, question.rows),
        **coded(question.columns),
        "Settings": rule_settings(question.rule, question.max_length),
    }


def _constant_sum(question: ConstantSum, known: Known) -> Json:
    summed = question.total is not None
    unit = {"ClarifyingSymbolType": "After", "ClarifyingSymbol": written(question.unit)}
    return {
        "QuestionType": "CS",
        "Selector": "VRTL",
        "SubSelector": "TX",
        **(unit if question.unit else {}),
        **listed("Choices", "ChoiceOrder", question.items, known),
        **coded(question.items),
        **randomization(question.order, question.items),
        "Settings": {"Type": "ChoicesTotal", "ChoiceTotal": str(question.total)} if summed else {},
    }


def _form(question: FormEntry, known: Known) -> Json:
    found = listed("Choices", "ChoiceOrder", question.fields, known)
    for field in question.fields:
        found["Choices"][field.id] |= {
            "TextEntry": "on",
            "TextEntrySize": "Essay" if field.lines == "several" else "Medium",
            "TextEntryLength": str(field.max_length),
            "TextEntryForceResponse": field.required,
            "TextEntryValidation": content_name(field.rule) or "None",
        }
    return {"QuestionType": "TE", "Selector": "FORM", **found, "SearchSource": {"AllowFreeResponse": "false"}}


def _slider(question: Slider | Stars, known: Known) -> Json:
    shown = question.items
    lists = listed("Choices", "ChoiceOrder", shown, known) if shown else {"Choices": {"1": {"Display": ""}}}
    found: Json = {"QuestionType": "Slider", **lists, **randomization(question.order, shown)}
    if isinstance(question, Stars):
        configuration: Json = {"StarCount": question.stars, "StarType": "discrete", "NumDecimals": "0"}
        return {**found, "Selector": "STAR", "Configuration": configuration}
    labels = question.labels or (question.low_label, question.high_label)
    lines = (question.maximum - question.minimum) // question.step
    configuration = {
        "CSSliderMin": question.minimum,
        "CSSliderMax": question.maximum,
        "GridLines": lines if question.step > 1 else 10,
        "SnapToGrid": question.step > 1,
        "NumDecimals": "0",
        "ShowValue": True,
        "CustomStart": False,
        "NotApplicable": not question.required,
        "MobileFirst": True,
    }
    words = {str(place): display(one) for place, one in enumerate(labels, start=1)} if any(labels) else []
    return {**found, "Selector": "HSLIDER", "Configuration": configuration, "Labels": words}
