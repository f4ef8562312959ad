"""What a value must lose or become before it lands in a place."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SAFE_URL: Final = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x20]*", re.IGNORECASE)


class Escape(StrEnum):
    """For which place a value is made fit."""

    TEXT = "text"  # plain text: as it is
    HTML = "html"  # between tags or inside a quoted attribute: & < > " ' become entities
    HTML_URL = "html_url"  # inside href or src: only http, https, mailto and tel survive, then as HTML
    HEADER = "header"  # one line of a mail header: line breaks and control characters become one space


def escape_text(value: str) -> str:
    return value


def escape_html(value: str) -> str:
    """Loses nothing: ``html.unescape`` gives the value back."""
    return html.escape(value, quote=True)


def escape_html_url(value: str) -> str:
    """Empty for an address of another scheme (``javascript:``), so that a contact's field cannot become a script."""
    address = value.strip()
    return html.escape(address, quote=True) if _SAFE_URL.fullmatch(address) else ""


def escape_header(value: str) -> str:
    """One line: a value cannot begin a header of its own. Encoding of non-ASCII is the mail frame's work."""
    return _BREAKS.sub(" ", value).strip()


ESCAPES: Final[Mapping[Escape, Callable[[str], str]]] = {
    Escape.TEXT: escape_text,
    Escape.HTML: escape_html,
    Escape.HTML_URL: escape_html_url,
    Escape.HEADER: escape_header,
}
