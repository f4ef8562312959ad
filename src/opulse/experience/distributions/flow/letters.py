"""What mails of a distribution are written with: one frame per language, built once; per person only its slots are filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.distributions.flow.sender_domains import signer_in
from opulse.experience.distributions.models import Distribution, DistributionKind, LinkType, Turn
from opulse.experience.distributions.rules import incident_code, slot_names
from opulse.experience.distributions.store.records import find_distribution
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.models import Descriptive, LocalisedSurvey, SurveyDocument
from opulse.experience.surveys.rules import HIDDEN, MailQuestion, first_question_in_mail, localise
from opulse.mail.carrier import Addressee, Writer
from opulse.mail.carrier.writing import is_named
from opulse.mail.message import Frame, MessageParts, build_frame
from opulse.mail.models import MessageRefused
from opulse.mail.shell import Choice, Invitation, invitation_html, invitation_text
from opulse.mail.signing import Signs
from opulse.mail.slots import literal, slot
from opulse.mail.verp import Verp
from opulse.mail.words import words
from opulse.ports import Ports
from opulse.templating.frame import Place, frame_piped, header_text
from opulse.templating.piped import LINK, Slot, parse_piped

KEPT = 64  # distributions whose frames are remembered
LOOK_AGAIN = timedelta(minutes=1)  # for keys that were switched on or off meanwhile

_Marker = Callable[[str], str]


@dataclass
class _Material:
    """What the frames of one distribution are built from, and the writer with those built so far."""

    distribution: Distribution
    document: SurveyDocument
    writer: Writer
    code: str
    """By which the subject names the incident: of a reminder, that of the invitation."""
    looked_at: datetime
    """When the keys that sign were looked up; the rest is frozen."""


class Letters:
    """What the mails of all distributions are written with. One per sender; remembers frames, for message and survey version are
    frozen."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._materials: dict[tuple[int, str], _Material] = {}
        self._domain = ports.mail_from.rpartition("@")[2]
        self._verp = Verp(self._domain, (ports.digest_key,))

    async def prepare(self, turn: Turn) -> None:
        """Have the material of this distribution at hand before its mails are claimed."""
        key, now = (turn.tenant, turn.distribution), self._ports.clock.now()
        known = self._materials.get(key)
        if known is None:
            found, document, code, signer = await self._ports.db.read(_material_in, self._ports, turn)
            while len(self._materials) >= KEPT:
                self._materials.pop(next(iter(self._materials)))
            self._materials[key] = _Material(found, document, self._writer(found, signer), code, now)
        elif abs(now - known.looked_at) >= LOOK_AGAIN:
            sender = known.distribution.message.from_address or self._ports.mail_from
            signer = await self._ports.db.read(signer_in, self._ports, turn.tenant, sender)
            known.looked_at = now
            if signer != known.writer.signer:
                known.writer = replace(known.writer, signer=signer)

    async def writer(self, turn: Turn, people: Iterable[Addressee]) -> Writer:
        """A writer with the frames that these people's mails take."""
        await self.prepare(turn)
        material = self._materials[turn.tenant, turn.distribution]
        wanted = {(person.language, is_named(person.first_name)) for person in people}
        if missing := wanted - material.writer.frames.keys():
            made = {key: self._frame(material, *key) for key in missing}
            material.writer = replace(material.writer, frames={**material.writer.frames, **made})
        return material.writer

    def _writer(self, found: Distribution, signer: Signs | None) -> Writer:
        shared = found.link_type is LinkType.ANONYMOUS
        return Writer(
            tenant=found.tenant,
            public_url=self._ports.public_url,
            links=self._ports.links,
            bounces=self._verp,
            shared_link=found.shared_link if shared else "",
            slots=slot_names(found.message),
            frames={},
            signer=signer,
        )

    def _frame(self, material: _Material, language: str, named: bool) -> Frame | MessageRefused:
        """One language that cannot be written never stops the others."""
        found, document, code = material.distribution, material.document, material.code
        try:
            return build_frame(
                message_parts(self._ports.mail_from, found, document, code, language, named=named)
            )
        except MessageRefused as refused:
            return refused


def message_parts(
    mail_from: str, found: Distribution, document: SurveyDocument, code: str, language: str, *, named: bool
) -> MessageParts:
    """What a mail of the distribution says in one language, with slots for all that differs from person to person.

    Args:
        mail_from: the sender where the message names none; its domain is the programme's.
        code: by which the subject names the incident.
        named: greet by name.
    """
    survey, slots = localise(document, language), slot_names(found.message)
    message, kind = found.message, found.kind
    wording, domain = message.wording(survey.language), mail_from.rpartition("@")[2]
    subject, body = _default_wording(survey, kind)
    subject, body = literal(wording.subject) or subject, literal(wording.body) or body
    heading = _one_line(subject, slots)
    shell = _shell(survey, named, heading=heading, subject=f"{heading} [{code}]")
    if kind is DistributionKind.THANK_YOU:
        shell = replace(shell, survey_link="", question="", choices=(), questions="")
    shell = replace(shell, look=literal(message.mjml))
    return MessageParts(
        from_address=message.from_address or mail_from,
        from_name=header_text(parse_piped(message.from_name), {}),
        to_address=slot("email"),
        to_name=slot("name"),
        reply_to=message.reply_to,
        subject=shell.subject,
        text=invitation_text(replace(shell, body=_text(body, slots))),
        html=invitation_html(survey.language, survey.direction, replace(shell, body=_markdown(body, slots))),
        message_id=slot("message_id"),
        date=slot("date"),
        unsubscribe_link=slot("unsubscribe_link"),
        list_id=f"pulse.{domain}",
        list_name="Operational Pulse",
        language=survey.language,
    )


def _default_wording(survey: LocalisedSurvey, kind: DistributionKind) -> tuple[str, str]:
    """(subject, body) where the author wrote none."""
    ours = words(survey.language, 1)
    match kind:
        case DistributionKind.INVITE:
            return literal(survey.title), literal(survey.intro)
        case DistributionKind.REMINDER:
            return literal(survey.title), ours.reminder
        case DistributionKind.THANK_YOU:
            return ours.thanks_title, ours.thanks


def _material_in(
    conn: Connection, ports: Ports, turn: Turn
) -> tuple[Distribution, SurveyDocument, str, Signs | None]:
    found = find_distribution(conn, turn.tenant, turn.distribution)
    if found is None:
        raise LookupError(turn.distribution)
    version = get_version_in(conn, turn.tenant, found.survey, found.version)
    parent = find_distribution(conn, turn.tenant, found.parent) if found.parent else None
    signer = signer_in(conn, ports, turn.tenant, found.message.from_address or ports.mail_from)
    return found, version.document, incident_code((parent or found).cause), signer


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
        hidden_link=f"{link}?{HIDDEN}=1" if question else "",
    )


def _choices(question: MailQuestion, link: str) -> Iterator[Choice]:
    """The choices as links behind the person's own; the ends of a scale say what they mean."""
    last = len(question.choices) - 1
    for place, one in enumerate(question.choices):
        meaning = {0: question.low_label, last: question.high_label}.get(place, "")
        yield Choice(literal(f"{one.text} – {meaning}" if meaning else one.text), f"{link}?{one.query}")


def _marker(slots: Mapping[str, str]) -> _Marker:
    return lambda key: slot(slots[key]) if key in slots else ""


def _one_line(text: str, slots: Mapping[str, str]) -> str:
    return " ".join(frame_piped(parse_piped(text), Place.HEADER).marked(_marker(slots)).split())


def _text(text: str, slots: Mapping[str, str]) -> str:
    return frame_piped(parse_piped(text), Place.TEXT).marked(_marker(slots))


def _markdown(text: str, slots: Mapping[str, str]) -> str:
    """The same in Markdown: a pipe that is a link with words becomes a Markdown link."""
    marker = _marker(slots)

    def written(one: Slot) -> str:
        address = marker(one.key)
        return f"[{_escaped(one.words)}]({address})" if one.source == LINK and one.words else address

    return parse_piped(text).fill(written)


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\[]*_`<" else letter for letter in text)
