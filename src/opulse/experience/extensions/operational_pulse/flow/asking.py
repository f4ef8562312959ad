"""Ask a batch's people by a survey at Qualtrics: one distribution to a mailing list that holds nobody else.

Qualtrics has no key that makes a distribution safe to repeat, and each one mails everybody. So the list is the key: it was
made for this batch, so every distribution to it is ours. That one may be made is written first; it is dated minutes ahead; then
we look, as often as it takes until exactly one is there, and take back whatever was made twice before anything leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from opulse.bridges.qualtrics import SurveyCalls, SurveyMail
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.flow.hand import Hand
from opulse.experience.extensions.operational_pulse.models import ANSWERS_DUE, AskState, ReachReason
from opulse.experience.extensions.operational_pulse.rules import list_name, twins
from opulse.experience.extensions.operational_pulse.store import Ask
from opulse.experience.workflows import TaskContext
from opulse.jobs import JobRetry, enqueue
from opulse.observe import faults
from opulse.observe.metrics import DECISIONS

SEND_AFTER: Final = timedelta(minutes=2)
"""How far ahead a distribution is dated: the time in which one that was made twice is taken back."""
SEEN_AFTER: Final = timedelta(seconds=30)
"""So long after it was made, a distribution is seen by whoever looks, or was never made. Nothing public says so."""
TRIES: Final = 5
"""How often a distribution is made that nobody sees afterwards."""
LOOK: Final = 5.0
"""Seconds between looks."""
_ENDED: Final = frozenset({AskState.ASKED, AskState.NOBODY, AskState.GIVEN_UP})


async def own_list(hand: Hand) -> str:
    """The batch's own mailing list, made where there is none yet. A list that was made twice is empty, and stays so."""
    ask = await hand.read_ask()
    if ask is not None and ask.list_id:
        return ask.list_id
    calls, directory = SurveyCalls(hand.client), hand.target.directory
    name = list_name(hand.batch.activation, hand.context.task_run, hand.batch.number)
    if ask is None:  # that there may be a list is written before it is made
        await hand.save_ask(Ask(AskState.LISTING))
        faults.point("qualtrics.listing")
        found = ""
    else:
        found = next(iter(await calls.find_lists(directory, name)), "")
    made = found or await calls.create_list(directory, name)
    await hand.save_ask(Ask(AskState.LISTED, made))
    return made


async def ask_there(hand: Hand, mail: SurveyMail) -> str:
    """Bring the asking to its end. Returns what went wrong for good, in words; empty: nothing did.

    Raises:
        JobRetry: come again to look.
    """
    ask = await hand.read_ask()
    if ask is None or ask.state in _ENDED:
        return ""
    if ask.state is AskState.LISTED and not await _has_members(hand, ask):
        await hand.save_ask(replace(ask, state=AskState.NOBODY))
        return ""
    calls = SurveyCalls(hand.client)
    found = await calls.find_distributions(mail.survey, ask.list_id)
    if not found:
        return await _send(hand, calls, mail, ask)
    to_cancel, left = twins(found)
    for one in to_cancel:
        await calls.cancel(one.id)
    if to_cancel or not _is_settled(hand, ask):
        raise JobRetry(LOOK, "the distribution at Qualtrics is looked at again", counts=False)
    members = await calls.list_members(hand.target.directory, ask.list_id)
    ended = replace(ask, state=AskState.ASKED, distribution=found[0].id)
    key = (hand.context.tenant, hand.context.task_run, hand.batch.number)
    count = await hand.ports.db.write(_settle, hand.batch.activation, hand.context, key, ended, members)
    DECISIONS.labels("reach", ReachReason.ASKED_AT_QUALTRICS.value).inc(count)
    return f"{len(left)} distributions too many had left Qualtrics before they were seen" if left else ""


def _settle(
    conn: Connection,
    activation: str,
    context: TaskContext,
    key: tuple[int, str, int],
    ended: Ask,
    members: Sequence[str],
) -> int:
    """With the first look for answers arranged in the same unit: one chain of looks per task run."""
    payload = {"run": context.run, "task": context.task, "activation": activation}
    enqueue(conn, context.tenant, ANSWERS_DUE, payload, unique=context.task_run, priority=4)
    return store.settle_asked(conn, *key, ended, members)


async def end_asking(hand: Hand) -> str:
    """Nothing more is tried; what is to be said of it."""
    ask = await hand.read_ask()
    if ask is None or ask.state in _ENDED:
        return ""
    await hand.save_ask(replace(ask, state=AskState.GIVEN_UP))
    return "; whether Qualtrics asks them is not clear" if ask.sent_at else "; Qualtrics does not ask them"


async def _has_members(hand: Hand, ask: Ask) -> bool:
    """Whether there is anybody to ask; the list may show its people somewhat later than the import ended."""
    if await SurveyCalls(hand.client).list_members(hand.target.directory, ask.list_id):
        return True
    if hand.ports.clock.now() - hand.batch.begun_at < SEEN_AFTER:
        raise JobRetry(LOOK, "nobody is on the list yet", counts=False)
    return False


async def _send(hand: Hand, calls: SurveyCalls, mail: SurveyMail, ask: Ask) -> str:
    if ask.sent_at is None or _is_settled(hand, ask):
        if ask.tries >= TRIES:
            await hand.save_ask(replace(ask, state=AskState.GIVEN_UP))
            return f"Qualtrics shows no distribution after {TRIES} were made: look there before anybody is asked by hand"
        now = hand.ports.clock.now()
        await hand.save_ask(replace(ask, state=AskState.SENDING, tries=ask.tries + 1, sent_at=now))
        faults.point("qualtrics.asking")
        await calls.send_to_list(mail, ask.list_id, now + SEND_AFTER)
        faults.point("qualtrics.asked")
    raise JobRetry(LOOK, "the distribution at Qualtrics is looked for", counts=False)


def _is_settled(hand: Hand, ask: Ask) -> bool:
    """Whether what was made last would be seen by now."""
    return ask.sent_at is not None and hand.ports.clock.now() - ask.sent_at >= SEEN_AFTER
