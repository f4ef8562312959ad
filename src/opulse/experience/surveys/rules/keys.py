"""Answer keys: which values a question may fill, in the product's spelling (the same names are the columns of an export)."""

from __future__ import annotations

from collections.abc import Iterable

from opulse.experience.surveys.models import (
    BrowserInfo,
    Choice,
    ConstantSum,
    Descriptive,
    DrillDown,
    DrillOption,
    Dropdown,
    FormEntry,
    Matrix,
    MultipleChoice,
    Question,
    RankOrder,
    SideBySide,
    SideColumn,
    SingleChoice,
    Slider,
    Stars,
    TextEntry,
    TextMatrix,
    Timing,
)

BROWSER_PARTS = ("BROWSER", "VERSION", "OS", "DEVICE")
"""What is kept of a browser; the product names the first three alike."""


def answer_keys(question: Question) -> tuple[str, ...]:
    """The keys a question may fill, in the order of the page (also the columns of an export)."""
    name = question.id
    match question:
        case SingleChoice() | MultipleChoice():
            boxes = (f"{name}_{choice.id}_TEXT" for choice in question.choices if choice.text_entry)
            return (name, *boxes)
        case Matrix():
            return tuple(f"{name}_{row.id}" for row in question.rows)
        case Stars() | Slider():
            return tuple(f"{name}_{item.id}" for item in question.items) or (f"{name}_1",)
        case RankOrder():
            return tuple(f"{name}_{choice.id}" for choice in question.choices)
        case ConstantSum():
            return tuple(f"{name}_{item.id}" for item in question.items)
        case TextEntry():
            return (f"{name}_TEXT",)
        case FormEntry():
            return tuple(f"{name}_{field.id}" for field in question.fields)
        case TextMatrix():
            return tuple(
                f"{name}_{row.id}_{column.id}" for row in question.rows for column in question.columns
            )
        case SideBySide():
            return tuple(
                f"{name}#{column.id}_{row.id}{'_TEXT' if column.answers == 'text' else ''}"
                for column in question.columns
                for row in question.rows
            )
        case DrillDown():
            return tuple(f"{name}_{level}" for level in range(1, len(question.levels) + 1))
        case Timing():
            return (f"{name}_PAGE_SUBMIT",)
        case BrowserInfo():
            return tuple(f"{name}_{part}" for part in BROWSER_PARTS)
        case Descriptive():
            return ()
        case _:
            return (name,)


def is_answerable(question: Question) -> bool:
    """Whether a person answers it: not words between questions, and not what the server notes by itself."""
    return not isinstance(question, Descriptive | Timing | BrowserInfo)


def choice_lists(question: Question) -> dict[str, tuple[Choice, ...]]:
    """The question's lists by the word that their text keys use; ids are unique within each."""
    match question:
        case SingleChoice() | MultipleChoice() | Dropdown() | RankOrder():
            return {"choice": question.choices}
        case Matrix():
            return {"row": question.rows, "scale": question.scale}
        case TextMatrix():
            return {"row": question.rows, "column": question.columns}
        case SideBySide():
            scales = {f"column.{column.id}.scale": column.scale for column in question.columns}
            return {"row": question.rows, **scales}
        case Stars() | Slider() | ConstantSum():
            return {"item": question.items}
        case FormEntry():
            return {"field": question.fields}
        case _:
            return {}


def drill_options(question: DrillDown) -> dict[str, tuple[DrillOption, ...]]:
    """Every entry of a drill down by its id: the way to it from the top, itself last."""
    found: dict[str, tuple[DrillOption, ...]] = {}

    def walk(options: tuple[DrillOption, ...], above: tuple[DrillOption, ...]) -> None:
        for option in options:
            found[option.id] = (*above, option)
            walk(option.options, (*above, option))

    walk(question.options, ())
    return found


def name_of_part(question: Question, key: str) -> str:
    """What the row, item, field or cell of an answer key is called; empty for the question itself."""
    part = key[len(question.id) :].removesuffix("_TEXT")
    if part.startswith("#") and isinstance(question, SideBySide):
        column, _, row = part[1:].partition("_")
        return f"{_text_of(question.rows, row)}: {_text_of(question.columns, column)}"
    if isinstance(question, TextMatrix):
        row, _, column = part[1:].partition("_")
        return f"{_text_of(question.rows, row)}: {_text_of(question.columns, column)}"
    if isinstance(question, DrillDown):
        return question.levels[int(part[1:]) - 1] if part[1:].isdigit() else ""
    return _text_of(next(iter(choice_lists(question).values()), ()), part[1:])


def _text_of(choices: Iterable[Choice | SideColumn], wanted: str) -> str:
    return next((choice.text for choice in choices if choice.id == wanted), "")
