"""What may be set beside answers, and which answers may be deleted together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from opulse.experience.responses.models import Identity
from opulse.experience.responses.models.amending import Claimed

FIELDS_MAX = 100
NAME_MAX = 200
VALUE_MAX = 20_000


class EmbeddedWrong(ValueError):
    """It cannot be embedded data; the message says what to send."""


def read_embedded(given: object) -> dict[str, str]:
    """Names and values as texts. Raises EmbeddedWrong."""
    if not isinstance(given, Mapping) or len(given) > FIELDS_MAX:
        raise EmbeddedWrong(f"embeddedData maps at most {FIELDS_MAX} names to values")
    return {_name(name): _value(str(name), value) for name, value in given.items()}


def decide_deletable(identity: Identity, found: Iterable[Claimed], cell: int) -> bool:
    """Whether these may be deleted together.

    The ledger and the person's timeline show whose answer was deleted. Where answers carry no names that must not lead from an
    answer to its person, so of each incident at least as many go at once as any group must have that is shown.
    """
    if identity is Identity.NAMED:
        return True
    tied = Counter(one.activation for one in found if one.tied)
    return all(number >= cell for number in tied.values())


def _name(name: object) -> str:
    text = str(name)
    if not text.strip() or len(text) > NAME_MAX or "\0" in text:
        raise EmbeddedWrong(f"a name of embeddedData has 1 to {NAME_MAX} characters, and no NUL")
    return text


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise EmbeddedWrong(f"the value of {name} in embeddedData is a text or a number")
    text = str(value)
    if len(text) > VALUE_MAX or "\0" in text:
        raise EmbeddedWrong(f"the value of {name} has at most {VALUE_MAX} characters, and no NUL")
    return text
