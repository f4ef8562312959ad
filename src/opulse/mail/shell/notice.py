"""A notice to one recipient, such as "the notification was activated": a sentence, the facts, a link. No survey."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from opulse.mail.shell.frame import Card, Direction
from opulse.mail.shell.markup import markdown, plain


@dataclass(frozen=True, slots=True)
class Notice:
    """The texts of a notice. Empty ones are left out."""

    subject: str
    heading: str
    body: str = ""
    """Markdown."""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values, shown as a table."""
    button: str = ""
    link: str = ""
    why: str = ""
    """Why this recipient gets this mail."""


@lru_cache(maxsize=64)
def notice_html(language: str, direction: Direction, notice: Notice) -> str:
    """The HTML part."""
    card = Card(direction)
    card.text(f"<h1>{plain(notice.heading)}</h1>")
    if notice.body:
        card.text(markdown(notice.body), "body")
    if notice.facts:
        card.table(notice.facts)
    if notice.link:
        card.button(notice.button or notice.link, notice.link)
    return card.html(language, notice.subject, notice.heading, plain(notice.why))


def notice_text(notice: Notice) -> str:
    """The text part."""
    facts = "\n".join(f"{name}: {value}" for name, value in notice.facts)
    link = "\n".join(filter(None, [notice.button, notice.link])) if notice.link else ""
    why = f"-- \n{notice.why}" if notice.why else ""
    return "\n\n".join(filter(None, [notice.heading, notice.body.strip(), facts, link, why])) + "\n"
