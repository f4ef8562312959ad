"""What a new question of each kind holds, so that it can be shown at once and only needs to be written over."""

from __future__ import annotations

from typing import Any

_TWO = [{"id": "1", "text": "First answer"}, {"id": "2", "text": "Second answer"}]
_ITEMS = [{"id": "1", "text": "First item"}, {"id": "2", "text": "Second item"}]
_AGREE = [
    {"id": "1", "text": "Do not agree"},
    {"id": "2", "text": "Neither"},
    {"id": "3", "text": "Agree"},
]
_NEW = {"text": "New question"}

STARTING: dict[str, dict[str, Any]] = {
    "single_choice": {**_NEW, "choices": _TWO},
    "multiple_choice": {**_NEW, "choices": _TWO},
    "dropdown": {**_NEW, "choices": _TWO},
    "nps": {
        "text": "How likely are you to recommend us?",
        "low_label": "Not at all likely",
        "high_label": "Extremely likely",
    },
    "stars": _NEW,
    "matrix": {**_NEW, "rows": _ITEMS, "scale": _AGREE},
    "slider": _NEW,
    "rank_order": {**_NEW, "choices": _ITEMS},
    "constant_sum": {**_NEW, "items": _ITEMS},
    "text": _NEW,
    "form": {**_NEW, "fields": _ITEMS},
    "text_matrix": {**_NEW, "rows": _ITEMS, "columns": _TWO},
    "side_by_side": {
        **_NEW,
        "rows": _ITEMS,
        "columns": [
            {"id": "1", "text": "First column", "scale": _AGREE},
            {"id": "2", "text": "Second column", "answers": "text"},
        ],
    },
    "drill_down": {
        **_NEW,
        "levels": ["Group", "Entry"],
        "options": [{"id": "1", "text": "First group", "options": [{"id": "2", "text": "First entry"}]}],
    },
    "descriptive": {"text": "New text"},
    "timing": {"text": "Time on the page"},
    "meta": {"text": "Browser"},
}
"""Kind → its first contents, in the order in which the builder offers them."""
