"""Identifiers in paths and bodies: exact prefix and length, or the refusal that the vendor gives."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from opulse.experience.api_v3.api.edge.desk import refuse
from opulse.wire.identifiers import Prefix, is_id

IdPath = Annotated[str, Path(max_length=64)]


def check_id(prefix: Prefix, text: str, parameter: str) -> str:
    """``text``, which has the form of such an id.

    Raises:
        Problem: 400, as for every malformed id.
    """
    if not is_id(prefix, text):
        raise refuse(400, f"Invalid {parameter} parameter. It is {prefix.value}_ and 15 letters or digits.")
    return text
