"""Take what a person pressed: one recorded response per invitation, every earlier one in the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.db import Priority
from opulse.experience.distributions.flow.links import close_in, note_progress_in
from opulse.experience.distributions.flow.tracing import traceparent_of
from opulse.experience.distributions.models import Progress
from opulse.experience.responses import store
from opulse.experience.responses.flow.announcing import Changed, announce_responses_in
from opulse.experience.responses.flow.links import CARRIES_ON
from opulse.experience.responses.flow.sightings import sightings_of
from opulse.experience.responses.models import (
    AccessReason,
    Asked,
    CorrectionKind,
    Intent,
    LinkFacts,
    Press,
    QuarantineReason,
    Response,
    ResponseState,
    Submission,
    SubmitOutcome,
)
from opulse.experience.responses.rules import Evidence, Suspicion, decide_access, weigh_press
from opulse.experience.surveys.models import Answers
from opulse.experience.surveys.rules import newly_shown, validate_answers
from opulse.jobs import enqueue
from opulse.observe import faults
from opulse.observe.metrics import ANSWERS, DECISIONS, STAGE_SECONDS
from opulse.observe.traces import span
from opulse.ports import Ports
from opulse.wire.identifiers import Prefix, new_id

RESPONSE_RECORDED = "response.recorded"
"""Job {activation}: responses begin, change or stop to count. One waits per activation, however many people answer."""

_PROGRESS = {
    ResponseState.IN_PROGRESS: Progress.STARTED,
    ResponseState.RECORDED: Progress.FINISHED,
    ResponseState.LATE: Progress.FINISHED,
    ResponseState.WITHDRAWN: Progress.SCREENED_OUT,
}
"""What reminders and thank-yous go by. A quarantined press says nothing of the person: they may still be reminded."""

MOST_REVISIONS = 50
"""Posts that one response keeps; a person changes their mind a few times, a script would fill the table."""

_KEPT = {
    SubmitOutcome.RECORDED: ResponseState.RECORDED,
    SubmitOutcome.LATE: ResponseState.LATE,
    SubmitOutcome.INCOMPLETE: ResponseState.IN_PROGRESS,
    SubmitOutcome.QUARANTINED: ResponseState.QUARANTINED,
}


async def submit(ports: Ports, facts: LinkFacts, press: Press) -> Submission:
    """Decide what a press is and keep it. The page that follows is drawn from the answer."""
    asked = facts.asked
    parent = await traceparent_of(ports, asked.tenant, asked.distribution)
    with span(
        "answer.submit", parent=parent, activation=asked.activation, distribution=asked.distribution
    ) as recorded:
        submission = await _submit(ports, facts, press)
        recorded.note(outcome=submission.outcome.value)
    return submission


async def _submit(ports: Ports, facts: LinkFacts, press: Press) -> Submission:
    now = ports.clock.now()
    grace = ports.limits.finish_grace
    access = decide_access(facts.asked, facts.survey, press.opened_at, grace, now)
    if access is AccessReason.CLOSED:
        return ended(Submission(SubmitOutcome.REFUSED_CLOSED, facts))
    suspicion = weigh_press(evidence_of(ports, facts, press, now), now)
    if press.intent is not Intent.ANSWER:
        return await _take_correction(ports, facts, press.intent, suspicion, now)
    answers, submission = _judge(facts, press, access, suspicion)
    if submission.outcome in _KEPT:
        submission = await keep_answers(ports, submission, answers, press, now)
    return ended(submission)


def evidence_of(ports: Ports, facts: LinkFacts, press: Press, now: datetime) -> Evidence:
    """What this process knows of whoever pressed."""
    hidden, all_links = sightings_of(ports.db).recall(facts.asked.invitation, press.client, now)
    return Evidence(
        trap=press.trap,
        opened_at=press.opened_at,
        sent_at=facts.asked.sent_at,
        hidden_link=hidden,
        all_links=all_links,
        scanner_network=press.client in ports.limits.scanners,
    )


def _judge(
    facts: LinkFacts, press: Press, access: AccessReason, suspicion: Suspicion
) -> tuple[Answers, Submission]:
    """The accepted answers, and what they make of the press."""
    answers, problems = validate_answers(facts.document, press.form)
    more = any(newly_shown(facts.document, answers, press.seen))
    if access is AccessReason.EXPIRED:
        outcome = SubmitOutcome.LATE if answers else SubmitOutcome.REFUSED_EXPIRED
    elif suspicion.reason is not None:
        outcome = SubmitOutcome.QUARANTINED
    elif problems or more:
        outcome = SubmitOutcome.INCOMPLETE
    else:
        outcome = SubmitOutcome.RECORDED
    return answers, Submission(outcome, facts, tuple(problems), more, suspicion.reason, suspicion.signs)


async def keep_answers(
    ports: Ports, submission: Submission, answers: Answers, press: Press, now: datetime
) -> Submission:
    """Write the answers as what the press has come to."""
    draft = Response(
        id=new_id(Prefix.RESPONSE),
        invitation=submission.facts.asked.invitation,
        state=_KEPT[submission.outcome],
        answers=answers,
        language=press.language,
        revision=1,
        started_at=press.opened_at or now,
        updated_at=now,
    )
    args = (submission.facts.asked, draft, submission.signs if submission.reason else ())
    try:
        kept = await ports.db.write_first(Priority.ANSWER, record_in, *args)
    except IntegrityError:  # two first posts of one person at once: the second one is an update of the first
        kept = await ports.db.write_first(Priority.ANSWER, record_in, *args)
    faults.point("answer.stored")
    measure(submission, now)
    return submission if kept else replace(submission, outcome=SubmitOutcome.REFUSED_TOO_MANY)


def measure(submission: Submission, now: datetime) -> None:
    """From the mail to a person's first answer; who changes an answer is not measured again."""
    facts = submission.facts
    first = facts.response is None or facts.response.state is not ResponseState.RECORDED
    if submission.outcome is SubmitOutcome.RECORDED and first and facts.asked.sent_at:
        STAGE_SECONDS.labels("answer").observe((now - facts.asked.sent_at).total_seconds())
    if submission.reason is not None:
        DECISIONS.labels("quarantine", submission.reason.value).inc()


def record_in(
    conn: Connection, asked: Asked, draft: Response, quarantine: tuple[QuarantineReason, ...] = ()
) -> bool:
    """Keep a response: as the next revision of the one it goes on with, else as a new one. False: too many revisions.

    An unfinished post never touches a recorded answer: the last *confirmed* one counts.

    Raises:
        IntegrityError: the same person's first answer was recorded at this very moment; run it again.
    """
    former = _former(conn, asked, draft.state)
    if former is None:
        store.insert_response(conn, asked, draft, quarantine)
        _announce(conn, asked, draft)
        return True
    if former.revision >= MOST_REVISIONS:
        return False
    if former.state is ResponseState.RECORDED and draft.state is ResponseState.IN_PROGRESS:
        return True
    following = replace(draft, id=former.id, revision=former.revision + 1, started_at=former.started_at)
    store.update_response(conn, asked.tenant, following)
    _announce(conn, asked, following)
    return True


async def _take_correction(
    ports: Ports, facts: LinkFacts, intent: Intent, suspicion: Suspicion, now: datetime
) -> Submission:
    """``not my computer`` or ``not me``: nothing is kept of a press that looks like a machine's."""
    if suspicion.reason is not None:
        quarantined = Submission(
            SubmitOutcome.QUARANTINED, facts, reason=suspicion.reason, signs=suspicion.signs
        )
        return ended(quarantined)
    kind = CorrectionKind(intent.value)
    await ports.db.write_first(Priority.ANSWER, correct_owner_in, facts.asked, kind, now)
    return ended(Submission(SubmitOutcome.NOTED, facts))


def correct_owner_in(conn: Connection, asked: Asked, kind: CorrectionKind, now: datetime) -> None:
    """Keep the correction and stop counting what this person may have answered before."""
    store.upsert_correction(conn, asked, kind, now)
    if not asked.individual:
        return
    note_progress_in(conn, asked.tenant, asked.invitation, Progress.SCREENED_OUT, now)
    recorded = store.claim_response(conn, asked.tenant, asked.invitation, [ResponseState.RECORDED])
    if recorded is not None:
        withdrawn = replace(
            recorded, state=ResponseState.WITHDRAWN, revision=recorded.revision + 1, updated_at=now
        )
        store.update_response(conn, asked.tenant, withdrawn)
        _announce(conn, asked, withdrawn)


def _former(conn: Connection, asked: Asked, state: ResponseState) -> Response | None:
    if not asked.individual:
        return None
    goes_on = CARRIES_ON if state in CARRIES_ON else (state,)
    return store.claim_response(conn, asked.tenant, asked.invitation, goes_on)


def _announce(conn: Connection, asked: Asked, response: Response) -> None:
    """Say what changes the counts, and how far the person came; and an answer takes back an earlier *not me*."""
    if asked.individual and response.state in _PROGRESS:
        progress = _PROGRESS[response.state]
        note_progress_in(conn, asked.tenant, asked.invitation, progress, response.updated_at)
    if response.state is ResponseState.RECORDED:
        store.delete_correction(conn, asked.tenant, asked.invitation)
    if response.state in (ResponseState.RECORDED, ResponseState.WITHDRAWN):
        close_in(conn, asked.tenant, asked.invitation, response.updated_at)
        # last: on PostgreSQL whoever announces for the same activation at this moment waits until this unit commits
        unique = f"activation {asked.activation}"
        changed = Changed(response.id, response.revision, asked.survey, response.state, response.updated_at)
        announce_responses_in(conn, asked.tenant, [changed])
        enqueue(conn, asked.tenant, RESPONSE_RECORDED, {"activation": asked.activation}, unique=unique)


def ended(submission: Submission) -> Submission:
    """Count what has become of a press."""
    ANSWERS.labels(submission.outcome.value).inc()
    return submission
