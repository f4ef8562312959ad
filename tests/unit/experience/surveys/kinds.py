"""One question of every kind, with everything it can have, and a document that uses every step of a flow."""

from __future__ import annotations

from typing import Any

from opulse.experience.surveys.models import SurveyDocument

ABC = [{"id": "1", "text": "Apples"}, {"id": "2", "text": "Bread"}, {"id": "3", "text": "Coffee"}]
SCALE = [
    {"id": "1", "text": "Never"},
    {"id": "2", "text": "Now and then"},
    {"id": "3", "text": "Always", "recode": "9"},
]

KINDS: dict[str, dict[str, Any]] = {
    "single_choice": {
        "choices": [
            *ABC,
            {"id": "4", "text": "Something else", "text_entry": True, "recode": "-9", "fixed": True},
        ],
        "order": {"kind": "random"},
    },
    "multiple_choice": {
        "choices": [
            {"id": "1", "text": "Phone", "group": "Devices"},
            {"id": "2", "text": "Laptop", "group": "Devices"},
            {"id": "3", "text": "None of them", "exclusive": True},
        ],
        "min_choices": 1,
        "max_choices": 2,
    },
    "dropdown": {"choices": ABC},
    "nps": {"low_label": "Not at all likely", "high_label": "Very likely"},
    "stars": {"signs": "smileys", "items": ABC[:2]},
    "matrix": {
        "rows": [
            {"id": "1", "text": "Cold", "opposite": "Warm"},
            {"id": "2", "text": "Slow", "opposite": "Fast"},
        ],
        "scale": SCALE,
        "answers": "several",
    },
    "slider": {"items": ABC[:2], "labels": ["low", "middle", "high"], "step": 5},
    "rank_order": {"choices": ABC, "places": 2},
    "constant_sum": {"items": ABC, "total": 100, "unit": "%"},
    "text": {
        "rule": {
            "content": "number",
            "minimum": 0.5,
            "maximum": 10,
            "decimals": 1,
            "message": "Hours, please.",
        }
    },
    "form": {
        "fields": [
            {"id": "1", "text": "E-mail", "rule": {"content": "email"}, "required": True},
            {"id": "2", "text": "Since", "rule": {"content": "date"}},
        ]
    },
    "text_matrix": {"rows": ABC[:2], "columns": SCALE[:2]},
    "side_by_side": {
        "rows": ABC[:2],
        "columns": [
            {"id": "1", "text": "How often", "scale": SCALE},
            {"id": "2", "text": "Why", "answers": "text"},
            {"id": "3", "text": "Where", "answers": "several", "scale": ABC},
            {"id": "4", "text": "Since", "answers": "list", "scale": ABC},
        ],
    },
    "drill_down": {
        "levels": ["Country", "City"],
        "options": [
            {
                "id": "1",
                "text": "Austria",
                "options": [{"id": "2", "text": "Graz"}, {"id": "3", "text": "Wien"}],
            },
            {"id": "4", "text": "Malta"},
        ],
    },
    "descriptive": {},
    "timing": {},
    "meta": {},
}
"""Kind → what it has beside id and text."""


def question(kind: str, id: str = "QID1", **more: Any) -> dict[str, Any]:
    """One question of the kind."""
    return {"type": kind, "id": id, "text": f"A question: {kind}", **KINDS[kind], **more}


def survey_of(*questions: dict[str, Any], **more: Any) -> SurveyDocument:
    """A document of one block."""
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": list(questions)}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks, **more})


def every_kind(**more: Any) -> SurveyDocument:
    """All kinds on one page: ``QID1`` to ``QID17`` in the order of :data:`KINDS`."""
    return survey_of(*(question(kind, f"QID{number}") for number, kind in enumerate(KINDS, 1)), **more)


CHOSEN = {"conditions": [{"question": "QID1", "choice": "1"}]}

FLOW: list[dict[str, Any]] = [
    {"type": "embedded_data", "id": "FL_1", "fields": [{"name": "site"}, {"name": "wave", "value": "2"}]},
    {"type": "block", "block": "BL_aaaaaaaaaaa"},
    {
        "type": "branch",
        "id": "FL_2",
        "name": "Only who is hit",
        "when": {
            "match": "any",
            "conditions": [
                {"question": "QID1", "choice": "1"},
                {
                    "kind": "group",
                    "match": "all",
                    "conditions": [
                        {"kind": "field", "name": "site", "operator": "equal", "value": "Graz"},
                        {"kind": "answer", "question": "QID2", "part": "TEXT", "operator": "not_empty"},
                        {"kind": "question", "question": "QID2", "operator": "answered"},
                        {"kind": "constant", "value": True},
                    ],
                },
            ],
        },
        "flow": [{"type": "block", "block": "BL_bbbbbbbbbbb"}],
    },
    {
        "type": "randomizer",
        "id": "FL_3",
        "show": 1,
        "even": True,
        "flow": [
            {"type": "group", "id": "FL_4", "flow": [{"type": "block", "block": "BL_ccccccccccc"}]},
            {"type": "end", "id": "FL_5", "message": "Bye", "flag": "screened", "record": False},
        ],
    },
]


def flowing(**more: Any) -> SurveyDocument:
    """A document with every step of a flow, a loop, a skip, an own check and a look."""
    yes = {"type": "single_choice", "choices": ABC}
    blocks = [
        {
            "id": "BL_aaaaaaaaaaa",
            "questions": [
                {
                    **yes,
                    "id": "QID1",
                    "text": "Hit?",
                    "skips": [
                        {"when": {"conditions": [{"question": "QID1", "choice": "3"}]}, "to": "end_of_survey"}
                    ],
                },
                {"type": "text", "id": "QID2", "text": "Why?", "page_break": True, "display": CHOSEN},
            ],
        },
        {
            "id": "BL_bbbbbbbbbbb",
            "name": "Each of them",
            "questions": [{**yes, "id": "QID3", "text": "And ${lm://Field/1}?"}],
            "loop": {"rows": [{"id": "1", "fields": ["mail"]}, {"id": "2", "fields": ["print"]}]},
        },
        {
            "id": "BL_ccccccccccc",
            "order": {"kind": "random", "show": 1},
            "questions": [
                {
                    "type": "text",
                    "id": "QID4",
                    "text": "Last words",
                    "check": {
                        "must_hold": {
                            "conditions": [
                                {
                                    "kind": "answer",
                                    "question": "QID4",
                                    "part": "TEXT",
                                    "operator": "not_contains",
                                    "value": "secret",
                                }
                            ]
                        },
                        "message": "No secrets, please.",
                    },
                }
            ],
        },
    ]
    whole = {"title": "T", "language": "en", "blocks": blocks, "flow": FLOW, "look": {"accent": "#0b5cad"}}
    return SurveyDocument.model_validate({**whole, **more})
