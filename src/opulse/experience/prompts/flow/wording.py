"""The few words of a notification, in the language in which the person is asked."""

from __future__ import annotations

from opulse.experience.distributions.models import Distribution, LinkType
from opulse.experience.prompts.models import Candidate
from opulse.experience.surveys.models import Descriptive, SurveyDocument
from opulse.experience.surveys.rules import localise
from opulse.mail.words import words
from opulse.ports import Ports
from opulse.templating.piped import Slot, parse_piped
from opulse.wire.desktop_prompts import MOST_WORDS, DesktopPrompt
from opulse.wire.tokens import LinkPurpose


def write_prompt(
    ports: Ports, candidate: Candidate, distribution: Distribution, document: SurveyDocument
) -> DesktopPrompt:
    """The mail's subject, the first question, and the person's own link: the page behind it is the mail's."""
    survey = localise(document, candidate.language)
    questions = [one for one in survey.questions if not isinstance(one, Descriptive)]
    subject = distribution.message.wording(survey.language).subject or survey.title
    shared = distribution.link_type is LinkType.ANONYMOUS
    answer = bytes.fromhex(distribution.shared_link if shared else candidate.id)
    return DesktopPrompt(
        id=candidate.id,
        user=candidate.account,
        title=_line(_filled(subject, candidate)),
        text=_line(questions[0].text if questions else survey.intro),
        button=words(survey.language, len(questions)).button,
        link=f"{ports.public_url}/s/{ports.links.issue(LinkPurpose.ANSWER, distribution.tenant, answer)}",
        show_by=candidate.send_by,
        ends_at=candidate.expires_at,
    )


def _filled(text: str, person: Candidate) -> str:
    own = {"m://FirstName": person.first_name, "m://LastName": person.last_name, "m://Email": person.email}

    def value_of(slot: Slot) -> str:
        value = own.get(slot.key, person.fields.get(slot.key, ""))
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    return parse_piped(text).fill(value_of)


def _line(text: str) -> str:
    """One line of printable letters: a notification is drawn by a program that we do not know."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= MOST_WORDS else f"{line[: MOST_WORDS - 1]}…"
