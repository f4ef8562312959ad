"""Which fields the form of each kind of question has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from opulse.experience.surveys.models import Question

Widget = Literal["text", "long", "number", "check", "pick", "lines", "tree"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. ``path`` leads into the question (``order.kind``); an empty ``number`` is none."""

    path: str
    label: str
    widget: Widget = "text"
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListSpec:
    """A list of choices, rows, items, fields or columns, each with the fields of ``columns``."""

    name: str
    label: str
    columns: tuple[FieldSpec, ...]


ORDERS = (
    ("as_written", "As written"),
    ("random", "Random for each person"),
    ("flipped", "Backwards for half of the people"),
)
_ORDER = (
    FieldSpec("order.kind", "Order", "pick", options=ORDERS),
    FieldSpec("order.show", "Show only so many", "number", "Empty: all of them."),
)
_RULE = (
    FieldSpec(
        "rule.content",
        "What may be typed",
        "pick",
        options=(
            ("any", "Anything"),
            ("number", "A number"),
            ("email", "An e-mail address"),
            ("date", "A date"),
            ("phone", "A telephone number"),
            ("postal_code", "A postal code"),
            ("address", "The address of a web page"),
            ("letters", "Letters only"),
            ("pattern", "What matches a regular expression"),
        ),
    ),
    FieldSpec("rule.minimum", "Least number", "number"),
    FieldSpec("rule.maximum", "Greatest number", "number"),
    FieldSpec("rule.decimals", "Most digits behind the point", "number"),
    FieldSpec("rule.min_length", "Fewest characters", "number"),
    FieldSpec("rule.pattern", "Regular expression", "text", "The whole text must match."),
    FieldSpec("rule.message", "What to say when it does not fit", "text", "Empty: our own sentence."),
)
_LAYOUT = FieldSpec(
    "layout",
    "Arranged",
    "pick",
    options=(("vertical", "One below the other"), ("horizontal", "Side by side")),
)
_LENGTH = FieldSpec("max_length", "Most characters", "number")
_ENDS = (FieldSpec("low_label", "Words at the low end"), FieldSpec("high_label", "Words at the high end"))
_ANSWERS = FieldSpec(
    "answers",
    "Answers per row",
    "pick",
    options=(("one", "One"), ("several", "Several"), ("list", "One, from a list that opens")),
)
_LINES = (("one", "One line"), ("several", "Several lines"))

FIELDS: Mapping[str, tuple[FieldSpec, ...]] = {
    "single_choice": (_LAYOUT, *_ORDER),
    "multiple_choice": (
        FieldSpec("min_choices", "Fewest choices", "number"),
        FieldSpec("max_choices", "Most choices", "number"),
        _LAYOUT,
        *_ORDER,
    ),
    "dropdown": _ORDER,
    "nps": _ENDS,
    "stars": (
        FieldSpec("stars", "How many", "number"),
        FieldSpec("signs", "Signs", "pick", options=(("stars", "Stars"), ("smileys", "Smileys"))),
        *_ORDER,
    ),
    "matrix": (
        _ANSWERS,
        FieldSpec("flip_scale", "Turn the scale round for half of the people", "check"),
        *_ORDER,
    ),
    "slider": (
        FieldSpec("minimum", "From", "number"),
        FieldSpec("maximum", "To", "number"),
        FieldSpec("step", "In steps of", "number"),
        *_ENDS,
        FieldSpec("labels", "Words along the scale, one per line", "lines"),
        *_ORDER,
    ),
    "rank_order": (FieldSpec("places", "Rank only the first", "number", "Empty: all of them."), *_ORDER),
    "constant_sum": (
        FieldSpec("total", "Must add up to", "number", "Empty: to anything."),
        FieldSpec("unit", "Unit", "text", "For example % or hours."),
        *_ORDER,
    ),
    "text": (
        FieldSpec("lines", "Size", "pick", options=(*_LINES, ("essay", "An essay"))),
        _LENGTH,
        FieldSpec("secret", "Hide what is typed", "check"),
        *_RULE,
    ),
    "form": (),
    "text_matrix": (_LENGTH, *_RULE, *_ORDER),
    "side_by_side": _ORDER,
    "drill_down": (
        FieldSpec("levels", "Names of the levels, one per line", "lines"),
        FieldSpec(
            "options",
            "Entries, one per line",
            "tree",
            "Two spaces before an entry put it below the one above.",
        ),
    ),
}
"""Kind → the fields it has beside those of every question."""

_OF_ALL = (
    FieldSpec(
        "text",
        "Question",
        "long",
        "Piped text such as ${m://FirstName} or ${q://QID1/SelectedChoices} is filled in.",
    ),
    FieldSpec("note", "Note", "text", "A short instruction under the question."),
)
_ASKED = (
    FieldSpec("required", "Must be answered", "check"),
    FieldSpec("request", "Ask once more when it is left out", "check"),
    FieldSpec("page_break", "The page ends behind it", "check"),
    FieldSpec("fixed", "Keeps its place when the block is in random order", "check"),
    FieldSpec("export_tag", "Name in exports", "text", "Empty: its id."),
    FieldSpec("check.message", "What to say when its own check fails", "text"),
)

_TEXT = FieldSpec("text", "Text")
_FIXED = FieldSpec("fixed", "Keeps its place", "check")
_RECODE = FieldSpec("recode", "Exported as")
_ANSWER = (
    _TEXT,
    _RECODE,
    FieldSpec("group", "Heading"),
    FieldSpec("text_entry", "Asks for words", "check"),
    _FIXED,
)
_PLAIN = (_TEXT, _RECODE, _FIXED)
LISTS: Mapping[str, tuple[ListSpec, ...]] = {
    "single_choice": (ListSpec("choices", "Answers", _ANSWER),),
    "multiple_choice": (
        ListSpec("choices", "Answers", (*_ANSWER, FieldSpec("exclusive", "Excludes the others", "check"))),
    ),
    "dropdown": (ListSpec("choices", "Answers", _PLAIN),),
    "stars": (ListSpec("items", "Things to rate (none: the question itself)", (_TEXT, _FIXED)),),
    "matrix": (
        ListSpec("rows", "Rows", (_TEXT, FieldSpec("opposite", "Far end"), _FIXED)),
        ListSpec("scale", "Scale", (_TEXT, _RECODE)),
    ),
    "slider": (ListSpec("items", "Things to rate (none: the question itself)", (_TEXT, _FIXED)),),
    "rank_order": (ListSpec("choices", "Items", (_TEXT, _FIXED)),),
    "constant_sum": (ListSpec("items", "Items", (_TEXT, _FIXED)),),
    "form": (
        ListSpec(
            "fields",
            "Fields",
            (
                _TEXT,
                FieldSpec("rule.content", "What may be typed", "pick", options=_RULE[0].options),
                FieldSpec("rule.pattern", "Regular expression"),
                FieldSpec("lines", "Size", "pick", options=_LINES),
                FieldSpec("required", "Must be filled in", "check"),
            ),
        ),
    ),
    "text_matrix": (ListSpec("rows", "Rows", (_TEXT, _FIXED)), ListSpec("columns", "Columns", (_TEXT,))),
    "side_by_side": (
        ListSpec("rows", "Rows", (_TEXT, _FIXED)),
        ListSpec(
            "columns",
            "Columns",
            (
                _TEXT,
                FieldSpec("answers", "Answers", "pick", options=(*_ANSWERS.options, ("text", "A text"))),
                FieldSpec("scale", "Scale, one per line", "lines"),
            ),
        ),
    ),
}
"""Kind → its lists."""


def fields_of(question: Question) -> tuple[FieldSpec, ...]:
    """The fields of the question's form, those of every question round those of its kind."""
    unasked = question.type in ("descriptive", "timing", "meta")
    asked = [one for one in _ASKED if not (unasked and one.path in ("required", "request"))]
    own = [one for one in asked if one.path != "check.message" or question.check is not None]
    return (*_OF_ALL, *FIELDS.get(question.type, ()), *own)
