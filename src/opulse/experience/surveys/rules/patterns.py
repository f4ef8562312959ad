"""Regular expressions that authors write: run by an engine whose time grows with the text and never explodes.

A pattern comes from whoever writes the survey and meets texts from whoever answers it, so it must not be able to hold up the
server. Pydantic's Rust engine runs in linear time (https://docs.rs/regex/latest/regex/#untrusted-input); it has no
look-around and no back references, and says so when a pattern asks for them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError


def is_pattern(pattern: str) -> bool:
    """Whether the engine can run it."""
    return _compiled(pattern) is not None


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; a pattern that cannot be run is found nowhere."""
    adapter = _compiled(pattern)
    if adapter is None:
        return False
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def is_whole(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text."""
    return found_in(rf"\A(?:{pattern})\z", text)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> TypeAdapter[str] | None:
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except SchemaError:
        return None
