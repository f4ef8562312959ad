"""Requests that change one response or many (qualtrics-api.md 1.13). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.api_v3.rules.refusing import bad
from opulse.experience.responses.models.amending import Amendment
from opulse.experience.responses.rules.amending import EmbeddedWrong, read_embedded

AT_ONCE = 10_000


def read_amendment(response: object, body: Mapping[str, Any], place: str = "") -> Amendment:
    """``embeddedData`` and ``resetRecordedDate`` (true unless it is sent). Raises Refusal."""
    if not isinstance(response, str):
        raise bad(f"Missing or invalid parameter: {place}responseId is a text.")
    reset = body.get("resetRecordedDate", True)
    if not isinstance(reset, bool):
        raise bad(f"Missing or invalid parameter: {place}resetRecordedDate is true or false.")
    try:
        return Amendment(response, read_embedded(body.get("embeddedData")), reset)
    except EmbeddedWrong as error:
        raise bad(f"Missing or invalid parameter: {place}{error}.") from error


def read_amendments(body: Mapping[str, Any]) -> list[Amendment]:
    """``updates``. Raises Refusal."""
    return [
        read_amendment(one.get("responseId"), one, f"updates.{number}.")
        for number, one in enumerate(_rows(body, "updates"))
    ]


def read_deletes(body: Mapping[str, Any]) -> list[str]:
    """The ids of ``deletes``; there are no quotas to give back. Raises Refusal."""
    ids = [one.get("responseId") for one in _rows(body, "deletes")]
    if not all(isinstance(one, str) for one in ids):
        raise bad("Missing or invalid parameter: deletes has a responseId each, which is a text.")
    return [str(one) for one in ids]


def may_miss(body: Mapping[str, Any]) -> bool:
    """``ignoreMissingResponses``: change the others all the same."""
    return body.get("ignoreMissingResponses") is True


def _rows(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = body.get(name)
    if not isinstance(rows, list) or not rows or not all(isinstance(one, dict) for one in rows):
        raise bad(f"Missing or invalid parameter: {name} is a list of objects, each with its responseId.")
    if len(rows) > AT_ONCE:
        raise bad(f"{name} has at most {AT_ONCE} entries: send them in parts.")
    return rows
