"""Choices, orders and checks of our questions as the product writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opulse.experience.surveys.models import AnswerChoice, Choice, Ordering, Question, TextRule
from opulse.experience.surveys.qsf.html import written
from opulse.experience.surveys.qsf.mapping.entering import CONTENTS, MOST_LETTERS
from opulse.experience.surveys.qsf.writing.logic import Json, Known, write_logic

LONGEST_DESCRIPTION = 100
_CONTENTS = {ours: theirs for theirs, ours in reversed(CONTENTS.items())}


def display(text: str) -> Json:
    """``{"Display": html}``."""
    return {"Display": written(text)}


def choices(options: Sequence[Choice], known: Known) -> Json:
    """Choices by id, each with its box, its exclusion and its condition."""
    return {option.id: _choice(option, known) for option in options}


def listed(key: str, order_key: str, options: Sequence[Choice], known: Known) -> Json:
    """A list of choices and its order: ``Choices`` and ``ChoiceOrder``, or ``Answers`` and ``AnswerOrder``."""
    return {key: choices(options, known), order_key: [option.id for option in options]}


def coded(options: Sequence[Choice]) -> Json:
    """``RecodeValues`` and ``VariableNaming``, complete where one option has its own; else absent."""
    found: Json = {}
    if any(option.recode for option in options):
        found["RecodeValues"] = {option.id: option.recode or option.id for option in options}
    if any(option.label for option in options):
        found["VariableNaming"] = {option.id: option.label or option.text for option in options}
    return found


def export_tags(rows: Sequence[Choice]) -> Json:
    """``ChoiceDataExportTags``: false where no row has one."""
    tags = {row.id: row.export_tag for row in rows if row.export_tag}
    return {"ChoiceDataExportTags": tags or False}


def groups(options: Sequence[AnswerChoice]) -> Json:
    """``ChoiceGroups`` under the headings of choices, in their order; absent where there are none."""
    if not any(option.group for option in options):
        return {}
    found: dict[str, Json] = {}
    order: list[str] = []
    names: dict[str, str] = {}
    for option in options:
        if not option.group:
            order.append(option.id)
            continue
        if option.group not in names:
            names[option.group] = f"cg_{len(names) + 1}"
            order.append(names[option.group])
            label = {"GroupLabel": written(option.group), "Options": [], "ChoiceGroupOrder": []}
            found[names[option.group]] = label
        found[names[option.group]]["ChoiceGroupOrder"].append(option.id)
    return {"ChoiceGroups": found, "ChoiceGroupOrder": order}


def randomization(order: Ordering, options: Sequence[Choice | Question]) -> Json:
    """``Randomization`` of a list; absent where it stays as it is written."""
    fixed = [option.id for option in options if option.fixed]
    if fixed:
        free = [option.id for option in options if not option.fixed and order.kind == "random"]
        places = ["{~Randomized~}" if option.id in free else option.id for option in options]
        return {"Randomization": _randomization("Advanced", "", _advanced(places, free))}
    if order.kind == "as_written":
        return {}
    if order.kind == "flipped":
        return {"Randomization": _randomization("ScaleReversal", "", None)}
    if order.show is not None:
        return {"Randomization": _randomization("SubSet", str(order.show), None)}
    return {"Randomization": _randomization("All", "", None)}


def settings(question: Question) -> Json:
    """``Validation.Settings`` that every kind has."""
    forced = "ON" if question.required else "RequestResponse" if question.request else "OFF"
    kind = "RequestResponse" if question.request and not question.required else "ON"
    return {"ForceResponse": forced, "ForceResponseType": kind, "Type": "None"}


def rule_settings(rule: TextRule, longest: int) -> Json:
    """What a typed text must be; the product checks either its content or its length."""
    if rule.content in _CONTENTS:
        found: Json = {"Type": "ContentType", "ContentType": _CONTENTS[rule.content]}
        if rule.content == "number":
            found["ValidNumber"] = {
                "Min": _number(rule.minimum),
                "Max": _number(rule.maximum),
                "NumDecimals": "" if rule.decimals is None else str(rule.decimals),
            }
        return found
    if rule.min_length or longest < MOST_LETTERS:
        return {"Type": "CharRange", "MinChars": str(rule.min_length), "TotalChars": str(longest)}
    return {}


def content_name(rule: TextRule) -> str:
    """The product's word for the content of a field of a form; empty where it has none."""
    return _CONTENTS.get(rule.content, "")


def described(text: str) -> str:
    """The text on one line, cut as the product cuts it."""
    line = " ".join(text.split())
    return line if len(line) < LONGEST_DESCRIPTION else f"{line[: LONGEST_DESCRIPTION - 4]}..."


def _choice(option: Choice, known: Known) -> Json:
    found = display(option.text)
    if isinstance(option, AnswerChoice) and option.text_entry:
        found["TextEntry"] = "true"
    if isinstance(option, AnswerChoice) and option.exclusive:
        found["ExclusiveAnswer"] = True
    if option.display is not None:
        found["DisplayLogic"] = write_logic(option.display, known)
    return found


def _randomization(kind: str, subset: str, advanced: Json | None) -> Json:
    return {"Advanced": advanced, "TotalRandSubset": subset, "Type": kind}


def _advanced(places: list[str], free: list[str]) -> Json:
    return {
        "FixedOrder": places,
        "RandomizeAll": free,
        "RandomSubSet": [],
        "Undisplayed": [],
        "TotalRandSubset": 0,
        "QuestionsPerPage": 0,
    }


def _number(value: float | None) -> Any:
    return "" if value is None else f"{value:.15g}"
