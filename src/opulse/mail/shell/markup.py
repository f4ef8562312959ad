"""Texts into markup that MJML takes: escaped, directed, with the slots kept whole."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_TAG_OR_SLOT = re.compile(r"<[^>]*>|⟦[a-z][a-z0-9_]*⟧")
_QUOTED_SLOT = re.compile(r"%E2%9F%A6[a-z][a-z0-9_]*%E2%9F%A7")
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "a", "h2", "h3", "hr"}
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")


def plain(text: str) -> str:
    """A text as markup: escaped, each slot isolated so that a name never turns the sentence around it (``<bdi>``)."""
    return _isolated(escape(_CONTROL.sub("", text)))


def attribute(text: str) -> str:
    """A text, such as a link, for a quoted attribute."""
    return escape(_CONTROL.sub("", text))


def markdown(text: str) -> str:
    """What an author wrote, as safe markup: no HTML of their own, no pictures (no tracking pixel), no odd links."""
    html = nh3.clean(
        _MARKDOWN.render(_CONTROL.sub("", text)),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto"},
    )
    html = _QUOTED_SLOT.sub(lambda slot: unquote(slot.group()), html)
    # MJML reads XML: void elements are closed, and the one entity that HTML has and XML has not is a character.
    html = html.replace("<br>", "<br />").replace("<hr>", "<hr />").replace("&nbsp;", "\u00a0")
    return _isolated(html)


def _isolated(html: str) -> str:
    return _TAG_OR_SLOT.sub(lambda found: _isolate(found.group()), html)


def _isolate(found: str) -> str:
    return f"<bdi>{found}</bdi>" if found.startswith("⟦") else found
