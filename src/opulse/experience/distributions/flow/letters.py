"""Mails of a distribution: one frame per language, built once; per person only its slots are filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from opulse.experience.distributions.models import ClaimedMail, Distribution, LinkType, Turn
from opulse.experience.distributions.rules import incident_code, slot_names
from opulse.experience.distributions.store.records import find_distribution
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.models import Descriptive, LocalisedSurvey, SurveyDocument
from opulse.experience.surveys.rules import MailQuestion, first_question_in_mail, localise
from opulse.mail.message import Frame, MessageParts, build_frame, mail_date
from opulse.mail.models import Envelope
from opulse.mail.shell import Choice, Invitation, invitation_html, invitation_text
from opulse.mail.slots import literal, slot
from opulse.mail.verp import Verp
from opulse.mail.words import words
from opulse.ports import Ports
from opulse.templating.frame import Place, frame_piped, header_text
from opulse.templating.piped import LINK, Slot, parse_piped
from opulse.wire.tokens import LinkPurpose

KEPT = 64  # distributions whose frames are remembered

_Marker = Callable[[str], str]


@dataclass(frozen=True)
class _Material:
    """What the frames of one distribution are built from, and those built so far, by (language, with a name)."""

    distribution: Distribution
    document: SurveyDocument
    slots: dict[str, str]
    frames: dict[tuple[str, bool], Frame]


class Letters:
    """Writes the mails of all distributions. One per sender; remembers frames, for message and survey version are frozen."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._materials: dict[tuple[int, str], _Material] = {}
        self._dated = (datetime.min.replace(tzinfo=UTC), "")
        self._domain = ports.mail_from.rpartition("@")[2]
        self._verp = Verp(self._domain, (ports.digest_key,))

    async def prepare(self, turn: Turn) -> None:
        """Have the material of this distribution at hand before its mails are claimed."""
        key = (turn.tenant, turn.distribution)
        if key not in self._materials:
            made = await self._ports.db.read(_material_in, turn)
            while len(self._materials) >= KEPT:
                self._materials.pop(next(iter(self._materials)))
            self._materials[key] = made

    async def write(self, mail: ClaimedMail, now: datetime) -> Envelope:
        """The mail for one person.

        Raises:
            MessageRefused: the message, or this person's values, cannot stand in a mail.
        """
        await self.prepare(Turn(mail.tenant, mail.distribution, 0))
        material = self._materials[mail.tenant, mail.distribution]
        frame = self._frame(material, mail.language, bool(mail.first_name.strip()))
        data = frame.render(self._values(material, mail, now))
        return Envelope(mail.id, self._verp.encode(bytes.fromhex(mail.id)), mail.email, data)

    def _values(self, material: _Material, mail: ClaimedMail, now: datetime) -> dict[str, str]:
        shared = material.distribution.link_type is LinkType.ANONYMOUS
        answer = material.distribution.shared_link if shared else mail.id
        further = {
            material.slots[key]: str(value) for key, value in mail.fields.items() if key in material.slots
        }
        return {
            **further,
            "email": mail.email,
            "name": f"{mail.first_name} {mail.last_name}".strip(),
            "first_name": mail.first_name.strip(),
            "last_name": mail.last_name.strip(),
            "survey_link": self._link("s", LinkPurpose.ANSWER, mail.tenant, answer),
            "unsubscribe_link": self._link("u", LinkPurpose.UNSUBSCRIBE, mail.tenant, mail.id),
            "message_id": mail.message_id,
            "date": self._date(now),
        }

    def _date(self, now: datetime) -> str:
        """The same text for all mails of a second."""
        second = now.replace(microsecond=0)
        if self._dated[0] != second:
            self._dated = (second, mail_date(second))
        return self._dated[1]

    def _link(self, path: str, purpose: LinkPurpose, tenant: int, invitation: str) -> str:
        token = self._ports.links.issue(purpose, tenant, bytes.fromhex(invitation))
        return f"{self._ports.public_url}/{path}/{token}"

    def _frame(self, material: _Material, language: str, named: bool) -> Frame:
        key = (language, named)
        if key not in material.frames:
            material.frames[key] = build_frame(self._parts(material, language, named))
        return material.frames[key]

    def _parts(self, material: _Material, language: str, named: bool) -> MessageParts:
        survey = localise(material.document, language)
        message = material.distribution.message
        wording = message.wording(survey.language)
        subject = literal(wording.subject) or literal(survey.title)
        body = literal(wording.body) or literal(survey.intro)
        code = incident_code(material.distribution.cause)
        heading = _one_line(subject, material.slots)
        shell = _shell(survey, named, heading=heading, subject=f"{heading} [{code}]")
        return MessageParts(
            from_address=message.from_address or self._ports.mail_from,
            from_name=header_text(parse_piped(message.from_name), {}),
            to_address=slot("email"),
            to_name=slot("name"),
            reply_to=message.reply_to,
            subject=shell.subject,
            text=invitation_text(replace(shell, body=_text(body, material.slots))),
            html=invitation_html(
                survey.language, survey.direction, replace(shell, body=_markdown(body, material.slots))
            ),
            message_id=slot("message_id"),
            date=slot("date"),
            unsubscribe_link=slot("unsubscribe_link"),
            list_id=f"pulse.{self._domain}",
            list_name="Operational Pulse",
            language=survey.language,
        )


def _material_in(conn: Connection, turn: Turn) -> _Material:
    found = find_distribution(conn, turn.tenant, turn.distribution)
    if found is None:
        raise LookupError(turn.distribution)
    version = get_version_in(conn, turn.tenant, found.survey, found.version)
    return _Material(found, version.document, slot_names(found.message), {})


def _shell(survey: LocalisedSurvey, named: bool, *, heading: str, subject: str) -> Invitation:
    """The invitation in the survey's language, all but its body."""
    ours = words(survey.language, sum(not isinstance(one, Descriptive) for one in survey.questions))
    question = first_question_in_mail(survey)
    link = slot("survey_link")
    return Invitation(
        subject=subject,
        heading=heading,
        body="",
        survey_link=link,
        button=ours.button,
        greeting=ours.greeting if named else ours.greeting_without_name,
        question=literal(question.text) if question else "",
        choices=tuple(_choices(question, link)) if question else (),
        choose=ours.choose,
        questions=ours.questions,
        why=ours.why,
        unsubscribe=ours.unsubscribe,
        unsubscribe_link=slot("unsubscribe_link"),
    )


def _choices(question: MailQuestion, link: str) -> Iterator[Choice]:
    """The choices as links behind the person's own; the ends of a scale say what they mean."""
    last = len(question.choices) - 1
    for place, one in enumerate(question.choices):
        meaning = {0: question.low_label, last: question.high_label}.get(place, "")
        yield Choice(literal(f"{one.text} – {meaning}" if meaning else one.text), f"{link}?{one.query}")


def _marker(slots: dict[str, str]) -> _Marker:
    return lambda key: slot(slots[key]) if key in slots else ""


def _one_line(text: str, slots: dict[str, str]) -> str:
    return " ".join(frame_piped(parse_piped(text), Place.HEADER).marked(_marker(slots)).split())


def _text(text: str, slots: dict[str, str]) -> str:
    return frame_piped(parse_piped(text), Place.TEXT).marked(_marker(slots))


def _markdown(text: str, slots: dict[str, str]) -> str:
    """The same in Markdown: a pipe that is a link with words becomes a Markdown link."""
    marker = _marker(slots)

    def written(one: Slot) -> str:
        address = marker(one.key)
        return f"[{_escaped(one.words)}]({address})" if one.source == LINK and one.words else address

    return parse_piped(text).fill(written)


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\[]*_`<" else letter for letter in text)
