"""Take one page of a survey that each person walks: what was answered so far is kept, the last page makes the response."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.db import Priority
from opulse.experience.responses import store
from opulse.experience.responses.flow.answering import (
    ended,
    evidence_of,
    keep_answers,
    measure,
    record_in,
    submit,
)
from opulse.experience.responses.models import (
    AccessReason,
    Asked,
    Intent,
    LinkFacts,
    Person,
    Press,
    Response,
    ResponseState,
    Submission,
    SubmitOutcome,
    WalkRow,
)
from opulse.experience.responses.rules import decide_access, seed_of, weigh_press
from opulse.experience.surveys.models import Answers, LocalisedSurvey
from opulse.experience.surveys.rules import embedded_names
from opulse.experience.surveys.rules.turning import PageRead, note_unasked, read_page
from opulse.experience.surveys.rules.walking import Visit, Walk, answers_on_the_way, walk
from opulse.ports import Ports
from opulse.wire.identifiers import Prefix, new_id

MOST_TURNS = 2_000
"""Posts that one walk takes: there and back through the longest survey, and no endless script."""

KEPT_FOR = timedelta(days=60)
"""How long a way through a survey is kept after its last page: as long as the longest link may be answered."""

_CORRECTIONS = (Intent.NOT_ME, Intent.NOT_MY_DEVICE)


@dataclass(frozen=True, slots=True)
class Opened:
    """A walk as it stands: ``row`` is None before the first page was sent."""

    session: str
    row: WalkRow | None
    person: Person


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser says of itself (:mod:`..rules.browsers`)."""

    device: str = ""
    says: dict[str, str] = field(default_factory=dict)


class Turn(NamedTuple):
    """What became of a page that was sent, where the walk stands now, and how the page was read."""

    submission: Submission
    walked: Walk
    read: PageRead


async def open_walk(ports: Ports, facts: LinkFacts, session: str) -> Opened:
    """How far this session came; writes nothing."""

    def query(conn: Connection) -> Opened:
        asked = facts.asked
        row = store.find_walk(conn, asked.tenant, session) if session else None
        return Opened(session, row, store.find_person(conn, asked.tenant, asked.contact))

    return await ports.db.read(query)


def visit_of(ports: Ports, opened: Opened, device: str, *, anew: bool = False) -> Visit:
    """What the walk starts from; ``anew``: from the first page, with what was answered before filled in."""
    row, person = opened.row, opened.person
    return Visit(
        answers=row.answers if row else {},
        sent=row.sent if row and not anew else (),
        seed=seed_of(ports.digest_key, opened.session),
        embedded=row.embedded if row else person.embedded,
        contact=person.contact,
        device=device,
    )


async def turn_page(
    ports: Ports,
    facts: LinkFacts,
    opened: Opened,
    survey: LocalisedSurvey,
    press: Press,
    page: str,
    browser: Browser,
) -> Turn:
    """Take the page ``page``, or go back from it. The walk may have moved on in another tab: then nothing is taken."""
    now = ports.clock.now()
    finished = opened.row is not None and opened.row.finished_at is not None
    visit = visit_of(ports, opened, browser.device, anew=finished)
    walked = _at_page(survey, visit, page)
    nothing = PageRead(dict(visit.answers), (), ())
    access = decide_access(facts.asked, facts.survey, _began(opened, press), ports.limits.finish_grace, now)
    if access is AccessReason.CLOSED:
        return Turn(ended(Submission(SubmitOutcome.REFUSED_CLOSED, facts)), walked, nothing)
    if press.intent in _CORRECTIONS:
        return Turn(await submit(ports, facts, press), walked, nothing)
    if finished and _is_old(opened, press):
        return Turn(Submission(SubmitOutcome.RECORDED, facts), walked, nothing)
    if walked.page is None or walked.page.key != page:
        return Turn(Submission(SubmitOutcome.TURNED, facts), walked, nothing)
    read = read_page(walked, press.form)
    seconds = round((now - press.opened_at).total_seconds()) if press.opened_at else None
    read = replace(read, answers=read.answers | note_unasked(read.shown, seconds, browser.says))
    taken = _Taking(ports, facts, opened, survey, visit, walked, read, press, now)
    return await taken.go(access)


def _began(opened: Opened, press: Press) -> datetime | None:
    """When the session began: what was begun in time may be finished."""
    if opened.row is not None and opened.row.finished_at is None:
        return opened.row.started_at
    return press.opened_at


def _is_old(opened: Opened, press: Press) -> bool:
    """Whether the page was served before the end was reached: a second press on the last button, or a way back."""
    over = opened.row.finished_at if opened.row else None
    return over is not None and (press.opened_at is None or press.opened_at <= over)


def _at_page(survey: LocalisedSurvey, visit: Visit, page: str) -> Walk:
    """The walk, taken back to the page that was sent when that lies on the way."""
    walked = walk(survey, visit)
    if page in walked.before:
        walked = walk(survey, replace(visit, sent=walked.before[: walked.before.index(page)]))
    return walked


@dataclass(frozen=True, slots=True)
class _Taking:
    """One page that is being taken."""

    ports: Ports
    facts: LinkFacts
    opened: Opened
    survey: LocalisedSurvey
    visit: Visit
    walked: Walk
    read: PageRead
    press: Press
    now: datetime

    async def go(self, access: AccessReason) -> Turn:
        """Decide what the press is, and keep what it brings."""
        if self.press.intent is Intent.BACK:
            answered = replace(self.read, problems=())
            return await self._save(self.walked.before[:-1], SubmitOutcome.TURNED, answered)
        if access is AccessReason.EXPIRED:
            return await self._late()
        if self.opened.row is None and (doubted := await self._doubt()) is not None:
            return doubted
        problems = [one for one in self.read.problems if self._was_seen(one.question_id)]
        more = any(question.id not in self.press.seen for question in self.read.shown)
        if self.read.problems or more:
            submission = Submission(SubmitOutcome.INCOMPLETE, self.facts, tuple(problems), more)
            return await self._save(self.walked.before, SubmitOutcome.INCOMPLETE, self.read, submission)
        key = self.walked.page.key if self.walked.page else ""
        return await self._save((*self.walked.before, key), SubmitOutcome.TURNED, self.read)

    def _was_seen(self, question: str) -> bool:
        return not self.press.seen or question in self.press.seen

    async def _doubt(self) -> Turn | None:
        """A first page that looks like a machine's: kept apart, and asked for once more."""
        suspicion = weigh_press(evidence_of(self.ports, self.facts, self.press, self.now), self.now)
        if suspicion.reason is None:
            return None
        doubted = Submission(
            SubmitOutcome.QUARANTINED, self.facts, reason=suspicion.reason, signs=suspicion.signs
        )
        kept = await keep_answers(self.ports, doubted, self.read.answers, self.press, self.now)
        return Turn(ended(kept), self.walked, self.read)

    async def _late(self) -> Turn:
        answers = self.read.answers
        outcome = SubmitOutcome.LATE if answers else SubmitOutcome.REFUSED_EXPIRED
        late = Submission(outcome, self.facts)
        if answers:
            late = await keep_answers(self.ports, late, answers, self.press, self.now)
        return Turn(ended(late), self.walked, self.read)

    async def _save(
        self,
        sent: tuple[str, ...],
        outcome: SubmitOutcome,
        read: PageRead,
        submission: Submission | None = None,
    ) -> Turn:
        """Keep the page; at the end of the way, record the response in the same unit."""
        answers = read.answers
        onward = walk(self.survey, replace(self.visit, answers=answers, sent=sent))
        if outcome is SubmitOutcome.TURNED and onward.page is None:
            keeps = onward.end is None or onward.end.record
            outcome = SubmitOutcome.RECORDED if keeps else SubmitOutcome.NOT_KEPT
        submission = submission or Submission(outcome, self.facts)
        row = self._row(answers, onward.before if sent else (), outcome, onward)
        if row.turns > MOST_TURNS:
            submission = replace(submission, outcome=SubmitOutcome.REFUSED_TOO_MANY)
            return Turn(ended(submission), self.walked, read)
        draft = self._draft(answers, outcome, onward)
        try:
            kept = await self.ports.db.write_first(
                Priority.ANSWER, turn_in, self.facts.asked, row, draft, outcome
            )
        except IntegrityError:  # two first posts at once: the other one began the walk
            kept = False
        if not kept:
            return Turn(Submission(SubmitOutcome.TURNED, self.facts), self.walked, read)
        measure(submission, self.now)
        if outcome is not SubmitOutcome.INCOMPLETE:
            return Turn(ended(submission), onward, read)
        return Turn(ended(submission), self.walked, read)

    def _row(self, answers: Answers, sent: tuple[str, ...], outcome: SubmitOutcome, onward: Walk) -> WalkRow:
        former, asked = self.opened.row, self.facts.asked
        over = outcome in (SubmitOutcome.RECORDED, SubmitOutcome.NOT_KEPT)
        known = onward.known.embedded if over else self.visit.embedded
        names = embedded_names(self.facts.document)
        return WalkRow(
            tenant=asked.tenant,
            session=self.opened.session,
            survey=asked.survey,
            version=asked.version,
            answers=answers if outcome is not SubmitOutcome.NOT_KEPT else {},
            sent=sent,
            embedded={name: value for name, value in known.items() if name in names},
            turns=former.turns + 1 if former else 1,
            started_at=former.started_at if former else self.press.opened_at or self.now,
            updated_at=self.now,
            finished_at=self.now if over else None,
        )

    def _draft(self, answers: Answers, outcome: SubmitOutcome, onward: Walk) -> Response:
        over = outcome is SubmitOutcome.RECORDED
        former = self.opened.row
        return Response(
            id=new_id(Prefix.RESPONSE),
            invitation=self.facts.asked.invitation,
            state=ResponseState.RECORDED if over else ResponseState.IN_PROGRESS,
            answers=answers_on_the_way(onward) if over else answers,
            language=self.press.language,
            revision=1,
            started_at=former.started_at if former else self.press.opened_at or self.now,
            updated_at=self.now,
        )


def turn_in(conn: Connection, asked: Asked, row: WalkRow, draft: Response, outcome: SubmitOutcome) -> bool:
    """Keep a page and what it makes of the response. False: another post of the same walk was quicker.

    Who has no link of their own has a response only when they came to the end: nobody else could ever finish it.
    """
    if not store.save_walk(conn, row):
        return False
    if outcome is SubmitOutcome.RECORDED:
        return record_in(conn, asked, draft)
    if not asked.individual:
        return True
    if outcome is SubmitOutcome.NOT_KEPT:
        draft = replace(draft, answers={})
    if store.update_partial(
        conn, asked.tenant, asked.invitation, draft.answers, draft.language, draft.updated_at
    ):
        return True
    return record_in(conn, asked, draft)


async def forget_ways(ports: Ports) -> int:
    """Forget ways that nobody went on with for long, a step at a time; how many they were."""
    before, forgotten = ports.clock.now() - KEPT_FOR, 0
    while step := await ports.db.write(store.forget_walks, before):
        forgotten += step
    return forgotten
