"""A small language of paths: the part of JSONPath (RFC 9535) that names one place. No wildcards, filters or searches.

A text that begins with ``$`` is such a path; any other text is itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathError
from jsonpath import compile as compile_path

PATH_LENGTH = 300


def check_path(text: str) -> str:
    """The text, when it can be used.

    Raises:
        ValueError: it begins with ``$`` and is no path to one place.
    """
    if text.startswith("$"):
        _compiled(text)
    return text


def pick(document: Any, text: str) -> Any:
    """What stands at the path, None when nothing does; the text itself when it is no path."""
    if not text.startswith("$"):
        return text
    found = _compiled(text).findall(document)
    return found[0] if found else None


@lru_cache(maxsize=1000)
def _compiled(text: str) -> JSONPath:
    if len(text) > PATH_LENGTH:
        raise ValueError(f"a path has at most {PATH_LENGTH} characters")
    try:
        path = compile_path(text)
    except JSONPathError as error:
        raise ValueError(f"{text!r} is no path: {error}") from error
    if not isinstance(path, JSONPath) or not path.singular_query():
        raise ValueError(
            f"{text!r} may lead to several places; name one, for example $.data.host or $.items[0]"
        )
    return path
