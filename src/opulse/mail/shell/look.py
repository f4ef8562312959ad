"""A look of one's own: MJML with one place for what the mail says and one for how to end such mails."""

from __future__ import annotations

import re

from mjml import mjml2html

CONTENT = "<op-content />"
FOOTER = "<op-footer />"
MOST = 100_000
"""Characters of a template."""
CLIPPED = 102_400
"""Octets from which one large mail program cuts a mail off; what a template adds must stay well below."""

STARTER = f"""<mjml>
  <mj-body background-color="#eef2f7">
    <mj-section background-color="#0a3f78" padding="16px 24px">
      <mj-column><mj-text color="#ffffff" font-size="20px" font-weight="600">Your organisation</mj-text></mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="24px 0 8px">
      <mj-column>{CONTENT}</mj-column>
    </mj-section>
    <mj-section padding="12px 0 24px">
      <mj-column>{FOOTER}</mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
_CONTENT = re.compile(r"<op-content\s*(?:/>|>\s*</op-content>)")
_FOOTER = re.compile(r"<op-footer\s*(?:/>|>\s*</op-footer>)")
_FORBIDDEN = re.compile(
    r"<\s*(mj-include|mj-raw|mj-html-attributes|script|iframe|object|form)\b", re.IGNORECASE
)
_ELEMENT = re.compile(r"<\s*(mj[a-z0-9-]*|op-[a-z-]*)")
_ELEMENTS = frozenset(
    (  # one name a line says nothing more
        "mjml",
        "mj-head",
        "mj-body",
        "mj-title",
        "mj-preview",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-style",
        "mj-breakpoint",
        "mj-font",
        "mj-section",
        "mj-column",
        "mj-group",
        "mj-wrapper",
        "mj-text",
        "mj-image",
        "mj-button",
        "mj-divider",
        "mj-spacer",
        "mj-table",
        "mj-social",
        "mj-social-element",
        "mj-hero",
        "mj-navbar",
        "mj-navbar-link",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-title",
        "mj-accordion-text",
        "mj-carousel",
        "mj-carousel-image",
        "op-content",
        "op-footer",
    )
)
"""The compiler passes over what it does not know; a mistyped column would lose what stands in it."""
_HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)
_PLAIN_HTTP = re.compile(
    r"""\b(?:src|href|background-url)\s*=\s*["'](?!https:|mailto:|tel:|\#)""", re.IGNORECASE
)


def find_problems(source: str) -> list[str]:
    """What is wrong with a template, as sentences; nothing: it can be used. Compiles it once, which takes half a millisecond."""
    if len(source) > MOST:
        return [f"a template has at most {MOST:,} characters"]
    problems = []
    if len(_CONTENT.findall(source)) != 1:
        problems.append(f"it needs {CONTENT} exactly once, in an mj-column: what the mail says stands there")
    if len(_FOOTER.findall(source)) != 1:
        problems.append(
            f"it needs {FOOTER} exactly once, in an mj-column: the way to end such mails stands there"
        )
    problems += [
        f"<{found}> is not allowed in a template" for found in sorted(set(_FORBIDDEN.findall(source)))
    ]
    unknown = sorted(
        {found.lower() for found in _ELEMENT.findall(source)} - _ELEMENTS - {"mj-raw", "mj-include"}
    )
    problems += [
        f"<{found}> is no element of MJML that we know" for found in unknown if "html-attr" not in found
    ]
    if _HANDLER.search(source):
        problems.append("scripts, such as onclick, are not allowed in a template")
    if _PLAIN_HTTP.search(source):
        problems.append("pictures and links begin with https:")
    if problems:
        return problems
    try:
        html = in_look(source, "<mj-text>what the mail says</mj-text>", "<mj-text>how to end it</mj-text>")
    except ValueError as error:
        return [str(error)]
    if not ("what the mail says" in html and "how to end it" in html):
        return ["the two places must stand in an mj-column, where they are shown"]
    return [] if len(html.encode()) < CLIPPED // 2 else ["it makes mails so large that programs cut them off"]


def in_look(source: str, card: str, footer: str) -> str:
    """The whole mail. Raises ValueError where the template is no MJML; the message names the place."""
    filled = _FOOTER.sub(lambda _: footer, _CONTENT.sub(lambda _: card, source))
    try:
        return str(mjml2html(filled, fonts={}))  # no font server is asked: a tracking pixel by another name
    except ValueError as error:
        raise ValueError(f"this is not MJML: {error}") from error
