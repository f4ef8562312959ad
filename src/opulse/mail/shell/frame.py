"""What all our mails share: head, colours for light and dark, the card. MJML in, HTML out."""

from __future__ import annotations

from typing import Literal

from mjml import mjml2html

from opulse.mail.shell.look import in_look
from opulse.mail.shell.markup import attribute, plain

Direction = Literal["ltr", "rtl"]

_FONTS = "'Segoe UI', system-ui, -apple-system, 'Noto Sans', 'Noto Sans Arabic', Roboto, Arial, sans-serif"

_STYLE = """
  h1 { margin: 0; font-size: 22px; line-height: 30px; font-weight: 600; }
  h2 { margin: 0; font-size: 18px; line-height: 26px; font-weight: 600; }
  a { color: #0b5cad; }
  .body p, .body ul, .body ol { margin: 0 0 14px 0; }
  .pick a { min-height: 24px; }
  @media (prefers-color-scheme: dark) {
    body, .page, .page > table { background: #10151d !important; background-color: #10151d !important; }
    .card, .card > table { background: #1b2330 !important; background-color: #1b2330 !important; }
    .page div, .page td, .page th, .page h1, .page h2, .page p { color: #e8edf4 !important; }
    .quiet div, .quiet td { color: #b3bdca !important; }
    .body a, .quiet a { color: #8cc2ff !important; }
    .pick td, .pick a { background: #263246 !important; color: #e8edf4 !important; }
    .go td, .go a { background: #1f6fc4 !important; color: #ffffff !important; }
  }
"""


class Card:
    """Collects the blocks of a mail, top to bottom, all written in one direction."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._align = "right" if direction == "rtl" else "left"
        self._blocks: list[str] = []

    def text(
        self,
        markup: str,
        css_class: str = "",
        *,
        size: int = 16,
        color: str = "#1b2432",
        space: str = "0 24px 16px",
    ) -> None:
        """A block of markup (already escaped)."""
        self._blocks.append(
            f'<mj-text css-class="{css_class}" align="{self._align}" font-size="{size}px" color="{color}" '
            f'padding="{space}"><div dir="{self._direction}">{markup}</div></mj-text>'
        )

    def choice(self, label: str, link: str) -> None:
        """A link as wide as the card and high enough for a thumb."""
        self._blocks.append(
            f'<mj-button css-class="pick" href="{attribute(link)}" width="100%" align="center" padding="0 24px 10px" '
            f'inner-padding="13px 16px" background-color="#eaf2fb" color="#0a3f78" border="1px solid #8fb8e3" '
            f'border-radius="8px" font-size="16px" line-height="22px" text-align="{self._align}">'
            f'<span dir="auto">{plain(label)}</span></mj-button>'
        )

    def button(self, label: str, link: str, rel: str = "") -> None:
        """The one thing to do."""
        marked = f'rel="{rel}" ' if rel else ""
        self._blocks.append(
            f'<mj-button css-class="go" {marked}href="{attribute(link)}" align="{self._align}" padding="6px 24px 20px" '
            f'inner-padding="13px 26px" background-color="#0b5cad" color="#ffffff" border-radius="8px" '
            f'font-size="16px" line-height="22px" font-weight="600"><span dir="auto">{plain(label)}</span></mj-button>'
        )

    def table(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Facts with their names."""
        cell = f'dir="auto" style="padding:6px 0;text-align:{self._align};vertical-align:top;'
        lines = "".join(
            f'<tr><th scope="row" {cell}font-weight:600;width:38%">{plain(name)}</th><td {cell}">{plain(value)}</td></tr>'
            for name, value in rows
        )
        self._blocks.append(
            f'<mj-table css-class="facts" align="{self._align}" padding="0 24px 16px" font-size="15px" '
            f'line-height="22px" color="#1b2432">{lines}</mj-table>'
        )

    def unseen(self, link: str) -> None:
        """A link without words, not drawn, not reachable by keyboard and not read out: only programs follow it."""
        self._blocks.append(
            f'<mj-raw><tr style="display:none"><td><a href="{attribute(link)}" aria-hidden="true" tabindex="-1" '
            'style="display:none"></a></td></tr></mj-raw>'
        )

    def html(self, language: str, title: str, preview: str, footer: str, look: str = "") -> str:
        """The whole mail. ``footer`` is markup and stands below the card; ``look`` is a checked template, empty: ours."""
        card = "".join(self._blocks)
        direction, align = self._direction, self._align
        if look:
            below = (
                f'<mj-text css-class="quiet" align="{align}" font-size="13px" line-height="20px" color="#55606f">'
                f'<div dir="{direction}">{footer}</div></mj-text>'
            )
            return in_look(look, card, below)
        return mjml2html(
            f'<mjml lang="{attribute(language)}" dir="{direction}"><mj-head>'
            f"<mj-title>{attribute(title)}</mj-title><mj-preview>{attribute(preview)}</mj-preview>"
            '<mj-raw><meta name="color-scheme" content="light dark" />'
            '<meta name="supported-color-schemes" content="light dark" /></mj-raw>'
            f'<mj-attributes><mj-all font-family="{_FONTS}" /><mj-text line-height="24px" /></mj-attributes>'
            f"<mj-style>{_STYLE}</mj-style></mj-head>"
            f'<mj-body css-class="page" background-color="#eef2f7">'
            f'<mj-section padding="12px 0 0" direction="{direction}"><mj-column></mj-column></mj-section>'
            f'<mj-section css-class="card" background-color="#ffffff" border-radius="12px" padding="24px 0 8px" '
            f'direction="{direction}"><mj-column>{card}</mj-column></mj-section>'
            f'<mj-section padding="12px 0 24px" direction="{direction}"><mj-column>'
            f'<mj-text css-class="quiet" align="{align}" font-size="13px" line-height="20px" color="#55606f" '
            f'padding="0 24px"><div dir="{direction}">{footer}</div></mj-text>'
            "</mj-column></mj-section></mj-body></mjml>",
            fonts={},  # by default it would fetch known ones from a font server: a tracking pixel by another name
        )
