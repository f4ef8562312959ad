"""The small parts that every survey document is made of: shapes of ids and texts, and the closed, frozen base."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# Shapes of the product's ids (survey and block: 11 to 15 alphanumerics after the prefix).
SurveyId = Annotated[str, StringConstraints(pattern=r"^SV_[a-zA-Z0-9]{11,15}$")]
BlockId = Annotated[str, StringConstraints(pattern=r"^BL_[a-zA-Z0-9]{11,15}$")]
QuestionId = Annotated[str, StringConstraints(pattern=r"^QID[a-zA-Z0-9]+$", max_length=40)]
ChoiceId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
FlowId = Annotated[str, StringConstraints(pattern=r"^FL_[a-zA-Z0-9]{1,20}$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{1,8})*$", max_length=20)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f{}$]+$", min_length=1, max_length=100)]
"""A name of embedded data; no brace and no dollar, so that it can stand in piped text."""

ExportTag = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]*$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
OptionalText = Annotated[str, StringConstraints(max_length=20_000)]

AnswerValue = str | int | list[str]
"""A choice id, a number, a text, or the ids of several choices."""

Answers = dict[str, AnswerValue]
"""Answer key (``QID1``, ``QID3_2``, ``QID4_TEXT``; in a loop ``2_QID1``) to value; what got no answer has no key."""


class Part(BaseModel):
    """Whatever a survey document is made of: frozen, and closed to unknown fields so that a typing error is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
