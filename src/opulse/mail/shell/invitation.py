"""The invitation to a survey: what happened, the first question's choices as links, and how to stop such mails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from opulse.mail.shell.frame import Card, Direction
from opulse.mail.shell.markup import attribute, markdown, plain

SURVEY_REL = "survey"
"""The ``rel`` of the link to the survey; the demo's inbox finds it by this."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of the first question. ``link`` only opens the page with it marked: a GET stores nothing."""

    label: str
    link: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """The texts of an invitation, in one language; any of them may hold slots. Empty ones are left out."""

    subject: str
    heading: str
    body: str
    """Markdown; it is the text part as it stands."""
    survey_link: str
    """Empty: there is nothing to open, as in a thank-you."""
    button: str
    greeting: str = ""
    preview: str = ""
    """What a phone shows beside the subject; empty: the heading."""
    question: str = ""
    """The first question, above its choices."""
    choices: tuple[Choice, ...] = ()
    choose: str = ""
    """Says that choosing stores nothing yet."""
    questions: str = ""
    """How many questions there are, such as "3 questions"."""
    why: str = ""
    """Why this person gets this mail."""
    unsubscribe: str = ""
    """Words of the link that ends such mails."""
    unsubscribe_link: str = ""
    hidden_link: str = ""
    """A link without words that no person sees or can reach: who follows it follows every link."""
    look: str = ""
    """MJML of a template around it; empty: the built-in look."""


@lru_cache(maxsize=256)
def invitation_html(language: str, direction: Direction, invitation: Invitation) -> str:
    """The HTML part; compiled once per language and text, then remembered."""
    card = Card(direction)
    if (
        invitation.hidden_link
    ):  # first, so that a program that walks through the mail has followed it before it presses anything
        card.unseen(invitation.hidden_link)
    card.text(f"<h1>{plain(invitation.heading)}</h1>")
    if invitation.greeting:
        card.text(plain(invitation.greeting))
    if invitation.body:
        card.text(markdown(invitation.body), "body")
    if invitation.question:
        card.text(f"<h2>{plain(invitation.question)}</h2>")
    for choice in invitation.choices:
        card.choice(choice.label, choice.link)
    if invitation.choices and invitation.choose:
        card.text(plain(invitation.choose), "quiet", size=13, color="#55606f")
    if invitation.survey_link:
        card.button(invitation.button, invitation.survey_link, SURVEY_REL)
    if invitation.questions:
        card.text(plain(invitation.questions), "quiet", size=13, color="#55606f")
    preview = invitation.preview or invitation.heading
    return card.html(language, invitation.subject, preview, _footer(invitation), invitation.look)


def invitation_text(invitation: Invitation) -> str:
    """The text part: the same words, every link on a line of its own."""
    blocks = [invitation.heading, invitation.greeting, invitation.body.strip(), invitation.question]
    blocks += [f"{choice.label}\n{choice.link}" for choice in invitation.choices]
    if invitation.choices:
        blocks.append(invitation.choose)
    if invitation.survey_link:
        blocks.append(f"{invitation.button}\n{invitation.survey_link}")
    blocks.append(invitation.questions)
    stop = f"{invitation.unsubscribe}\n{invitation.unsubscribe_link}" if invitation.unsubscribe_link else ""
    blocks.append("\n".join(filter(None, ["-- ", invitation.why, stop])) if invitation.why or stop else "")
    return "\n\n".join(filter(None, blocks)) + "\n"


def _footer(invitation: Invitation) -> str:
    lines = [plain(invitation.why)] if invitation.why else []
    if invitation.unsubscribe_link:
        words = plain(invitation.unsubscribe or invitation.unsubscribe_link)
        lines.append(f'<a href="{attribute(invitation.unsubscribe_link)}">{words}</a>')
    return "<br />".join(lines)
