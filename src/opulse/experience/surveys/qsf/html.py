"""Texts of the product are HTML; ours are plain: words, line breaks and list marks stay, looks go, and what is lost is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from opulse.experience.surveys.qsf.loose import clean

_BREAKING = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "br",
            "center",
            "dd",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figure",
        ),
        *(
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "ol",
            "p",
            "pre",
        ),
        *("section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    }
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "hr", "blockquote"})
_SILENT = frozenset({"style", "script", "head", "title", "template", "noscript"})
_MEDIA = {
    "img": "a picture",
    "video": "a video",
    "audio": "a sound",
    "iframe": "an embedded page",
    "object": "an embedded object",
    "embed": "an embedded object",
    "canvas": "a drawing",
    "svg": "a drawing",
}
_FIELDS = frozenset({"input", "select", "textarea", "button"})
_LONGEST = 40_000
_DATA = re.compile(r"data:[\w/+.;=-]{1,60},[^\"'\s>]*")  # a picture inside its own address
_JOINED = re.compile(r" {2,}|^ +| +$", re.MULTILINE)
_KEPT_TAB, _KEPT_BLANK = "&#9;", "&#xA0;"

# Marks while reading; the input has no control characters of its own.
TAB, BLANK, NBSP, LINE = "\x02", "\x03", "\x04", "\x05"


@dataclass(frozen=True, slots=True)
class PlainText:
    """``text``: what people read. ``lost``: what a plain text cannot hold (``a picture``), in the order of the text."""

    text: str
    lost: tuple[str, ...] = ()


@lru_cache(maxsize=4_000)
def plain(html: str) -> PlainText:
    """The words of a piece of HTML, white space as a page shows it. Of very long ones the first 40,000 characters."""
    html = _DATA.sub("", clean(html))
    reader = _Reader()
    reader.feed(html[:_LONGEST].replace(_KEPT_TAB, TAB).replace(_KEPT_BLANK, BLANK))
    reader.close()
    lost = [*reader.lost, "the end of a very long text"] if len(html) > _LONGEST else reader.lost
    return PlainText(clean(reader.text()), tuple(dict.fromkeys(lost)))


def written(text: str) -> str:
    """Plain text as HTML that :func:`plain` reads back: escaped, line breaks as ``<br>``, blanks that a page would join kept."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace("\xa0", _KEPT_BLANK).replace("\t", _KEPT_TAB)
    spaced = _JOINED.sub(lambda blanks: "&nbsp;" * len(blanks[0]), escaped)
    return spaced.replace("\n", "<br>")


class _Reader(HTMLParser):
    """Collects words; one line per block of the page, one empty line between paragraphs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lost: list[str] = []
        self._parts: list[str] = []
        self._silent = 0
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What a tag adds to the text: a break, a mark, the words for a picture."""
        if tag in _SILENT:
            self._silent += 1
        elif not self._silent:
            self._start(tag, {name: value or "" for name, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<br/>`` is ``<br>``; ``<script/>`` hides nothing after it."""
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """What closes: a paragraph, a list, a link with its address."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif not self._silent:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        """Words; white space is one blank, as on a page, but an unbreakable blank stays a blank of its own."""
        if not self._silent:
            self._parts.append(re.sub(r"[ \n\t\f]+", " ", data).replace("\xa0", NBSP))

    def text(self) -> str:
        """All that was read, with blanks and empty lines put in order."""
        joined = re.sub(r" *([\n\x05]) *", r"\1", re.sub(r" +", " ", "".join(self._parts)))
        joined = re.sub(r"\x05\n+", "\n\n", re.sub(r"\n{3,}", "\n\n", joined))
        for mark, meant in ((LINE, "\n"), (NBSP, " "), (TAB, "\t"), (BLANK, "\xa0")):
            joined = joined.replace(mark, meant)
        return joined.strip()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        if tag in _BREAKING:
            self._break(tag)
        if tag == "li":
            self._parts.append(self._mark())
        elif tag in ("td", "th") and not self._at_line_start():
            self._parts.append(" | ")
        elif tag == "a":
            self._end("a")  # links do not nest
            self._links.append((attributes.get("href", ""), len(self._parts)))
        elif tag in _MEDIA:
            self.lost.append(_MEDIA[tag])
            self._parts.append(f"[{alt}]" if (alt := attributes.get("alt", "").strip()) else "")
        elif tag in _FIELDS:
            self.lost.append("a form field inside the text")

    def _end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in _BREAKING and tag != "br":
            self._break(tag)

    def _close_link(self, address: str, start: int) -> None:
        words = "".join(self._parts[start:]).strip()
        if address.startswith(("http://", "https://", "mailto:", "tel:")) and address != words:
            shown = address.removeprefix("mailto:").removeprefix("tel:")
            self._parts.append(f" ({shown})" if words and shown != words else "" if words else shown)

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._parts.append(LINE)
        elif not self._at_line_start() or tag in _PARAGRAPHS:
            ends = "\n\n" if tag in _PARAGRAPHS and len(self._lists) <= 1 else "\n"
            self._parts.append(ends if self._parts else "")

    def _at_line_start(self) -> bool:
        for part in reversed(self._parts):
            if stripped := part.rstrip(" "):
                return stripped.endswith(("\n", LINE))
        return True
