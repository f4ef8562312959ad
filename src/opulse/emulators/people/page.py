"""The respondent's page as a browser without script sees it: forms, their fields, their buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class PageForm:
    """A form. ``radios`` are the values of each group in the order of the page; ``values`` is what it sends untouched."""

    action: str = ""
    values: list[tuple[str, str]] = field(default_factory=list)
    radios: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        """It has something to choose."""
        return bool(self.radios)


def read_forms(html: str) -> list[PageForm]:
    """Every form that posts, in the order of the page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open = PageForm(given.get("action", ""))
            self.forms.append(self._open)
        elif self._open is not None and given.get("name") and tag in ("input", "textarea", "button"):
            self._take(self._open, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _take(self, form: PageForm, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given["name"], given.get("value", ""), given.get("type", "text")
        if tag == "button" or kind == "submit":
            form.buttons.append((name, value))
        elif tag == "textarea":
            form.texts.append(name)
        elif kind == "radio":
            form.radios.setdefault(name, []).append(value)
        elif kind != "checkbox":
            form.values.append((name, value))  # a field that nobody fills in is sent as it is
