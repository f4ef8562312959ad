"""The ``Language`` of a question: what each translation says in place of the base language's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.surveys.qsf.writing.logic import Json

_LISTS = ("Choices", "Answers", "Labels")


def texts_in(language: Mapping[str, Any], base: Mapping[str, Any]) -> Json:
    """The texts of a payload written in one language that differ from those of the base language; empty when none do."""
    found: Json = {}
    if language["QuestionText"] != base["QuestionText"]:
        found["QuestionText"] = language["QuestionText"]
    for key in _LISTS:
        if changed := _changed(language.get(key), base.get(key)):
            found[key] = changed
    labels, own = base.get("ColumnLabels"), language.get("ColumnLabels")
    if own != labels:
        found["ColumnLabels"] = own
    columns = base.get("AdditionalQuestions", {})
    inner = {
        name: texts
        for name, one in columns.items()
        if (texts := texts_in(language["AdditionalQuestions"][name], one))
    }
    return {**found, "AdditionalQuestions": inner} if inner else found


def _changed(own: Any, base: Any) -> Json:
    if not isinstance(own, dict) or not isinstance(base, dict):
        return {}
    return {
        name: {"Display": one["Display"]}
        for name, one in own.items()
        if one["Display"] != base.get(name, {}).get("Display")
    }
