"""Piped text in a survey: what a person answered or what is known of them, inside a later text.

The values are plain text here. Whoever draws a page escapes the whole text for HTML as always; an address takes them through
:func:`fill_address`, which escapes each for its place. What a value contains is never read as piped text again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from opulse.experience.surveys.models import AnswerValue, DrillDown, Question
from opulse.experience.surveys.rules.drawing import draw_number
from opulse.experience.surveys.rules.keys import answer_keys, choice_lists, drill_options
from opulse.experience.surveys.rules.known import Known, is_offered
from opulse.templating.piped import Slot, parse_piped

_RANDOM = re.compile(r"int/(-?\d{1,9}):(-?\d{1,9})")
_OF_A_LOOP = {"CurrentLoopNumber": "number", "TotalLoops": "total"}


def has_pipes(text: str) -> bool:
    """Whether anything in the text is to be filled in."""
    return "${" in text and bool(parse_piped(text).slots)


def fill_text(text: str, known: Known, seed: str = "", name: str = "") -> str:
    """The text with its pipes filled in, unescaped. ``name`` is the text's own, for numbers drawn by chance."""
    if "${" not in text:
        return text
    return parse_piped(text).fill(lambda slot: piped_value(slot, known, seed, name))


def fill_address(address: str, known: Known, seed: str = "", name: str = "") -> str:
    """An address with its pipes filled in, each value escaped so that it stays in its place."""
    return parse_piped(address).fill(lambda slot: quote(piped_value(slot, known, seed, name), safe=""))


def filler(known: Known, seed: str) -> Callable[[str, str], str]:
    """(text key, text) → the text filled in, for whoever walks over the texts of a question."""
    return lambda key, text: fill_text(text, known, seed, key)


def piped_value(slot: Slot, known: Known, seed: str, name: str) -> str:
    """What stands at a pipe: empty when nobody knows, as in the product."""
    kind, _, rest = slot.path.partition("/")
    match slot.source:
        case "m":
            return known.contact.get(slot.path, "")
        case "e" if kind == "Field":
            return known.loop["number"] if rest in _OF_A_LOOP and known.loop else known.embedded.get(rest, "")
        case "lm":
            return known.loop.get(rest if kind == "Field" else _OF_A_LOOP.get(kind, kind), "")
        case "q":
            return _of_a_question(kind, rest.removeprefix("ChoiceGroup/"), known)
        case "rand":
            return _random(slot.path, seed, name)
        case _:
            return ""


def _random(path: str, seed: str, name: str) -> str:
    found = _RANDOM.fullmatch(path)
    if found is None:
        return ""
    least, most = sorted((int(found[1]), int(found[2])))
    return str(draw_number(least, most, seed, f"{name} {path}"))


def _of_a_question(question_id: str, what: str, known: Known) -> str:
    name = known.name_of(question_id)
    question = known.shown.get(name)
    if question is None:
        return ""
    head, _, part = what.partition("/")
    match head:
        case "QuestionText":
            return question.text
        case "SelectedChoices" | "SelectedAnswers":
            return ", ".join(_chosen(question, known, part))
        case "UnselectedChoices" | "DisplayedChoices":
            return ", ".join(_others(question, known, displayed=head == "DisplayedChoices"))
        case "ChoiceTextEntryValue" | "ChoiceNumericEntryValue":
            return _entered(name, part, known)
        case "ChoiceDescription":
            return _texts(question).get(part, "")
        case "SelectedChoicesCount":
            return str(len(_as_list(known.answers.get(name, []))))
        case _:
            return ""


def _chosen(question: Question, known: Known, row: str) -> list[str]:
    """The texts of what was chosen: of the question, of one row of it, or of all rows in turn."""
    if isinstance(question, DrillDown):
        options = drill_options(question)
        found = [str(known.answers[key]) for key in answer_keys(question) if key in known.answers]
        return [options[one][-1].text for one in found if one in options]
    keys = [f"{question.id}_{row}"] if row else list(answer_keys(question))
    texts = _texts(question)
    values = [
        value for key in keys if not key.endswith("_TEXT") for value in _as_list(known.answers.get(key, []))
    ]
    return [texts.get(value, value) for value in values]


def _others(question: Question, known: Known, *, displayed: bool) -> list[str]:
    taken = _as_list(known.answers.get(question.id, []))
    choices = next(iter(choice_lists(question).values()), ())
    return [
        choice.text
        for choice in choices
        if is_offered(choice, known) and (displayed or choice.id not in taken)
    ]


def _entered(name: str, part: str, known: Known) -> str:
    keys = [f"{name}_{part}_TEXT", f"{name}_{part}"] if part else [f"{name}_TEXT", name]
    return next((str(known.answers[key]) for key in keys if key in known.answers), "")


def _texts(question: Question) -> dict[str, str]:
    """Id → text of the choices, or of a matrix's scale: the list that an answer names."""
    lists = list(choice_lists(question).values())
    return {choice.id: choice.text for choice in lists[-1]} if lists else {}


def _as_list(value: AnswerValue) -> list[str]:
    return value if isinstance(value, list) else [str(value)]
