"""Write ``lastAlarm`` on people's contacts in a directory at a real Qualtrics, batch by batch, whatever breaks on the way.

Look for everybody; write on whom is found, one by one or by an import; import whom is missing; look again for whoever was
imported. Only what a look finds counts as done. So each step may be cut off and repeated: a search changes nothing, embedded
data written twice is as once, and an import finds whom an earlier one made, by what the directory calls the same contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from opulse.bridges.qualtrics import (
    FoundContact,
    NewContact,
    QualtricsAccount,
    QualtricsBusy,
    QualtricsClient,
    QualtricsRefused,
    QualtricsTokens,
    best_match,
)
from opulse.bridges.qualtrics.client import SEARCHED
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.flow.asking import ask_there, end_asking, own_list
from opulse.experience.extensions.operational_pulse.flow.hand import Hand
from opulse.experience.extensions.operational_pulse.models import HandState, ReachReason, Target
from opulse.experience.extensions.operational_pulse.rules import qualtrics_mail
from opulse.experience.extensions.operational_pulse.store import HandedPerson
from opulse.experience.workflows import TaskContext
from opulse.experience.workflows import views as workflows
from opulse.jobs import JobRetry
from opulse.observe import faults
from opulse.ports import Ports

IMPORT_ABOVE: Final = 50
"""Found contacts: up to so many are written one by one, more by an import."""
LOOKS: Final = 4
"""How often somebody is looked for after an import that has ended."""
POLL: Final = 2.0
"""Seconds between looks at an import."""
TOKENS = QualtricsTokens()
"""This process's tokens."""
_NOT_COMPARED: Final = (
    "the directory at Qualtrics does not say what makes these contacts the same, so a repeated import could make people "
    "twice and none is made: let it de-duplicate by e-mail or external data reference"
)


async def hand_over(
    ports: Ports, context: TaskContext, target: Target, number: int, patch: dict[str, str]
) -> str:
    """Bring one batch on. Returns what went wrong for good, in words; empty: nothing did.

    Raises:
        JobRetry: Qualtrics is busy, or an import runs; come again.
    """
    key = (context.tenant, context.task_run, number)
    batch = await ports.db.look_up(store.find_batch, *key)
    if batch is None:
        return ""
    mail = qualtrics_mail(context.form)
    client = QualtricsClient(ports.http, ports.clock, TOKENS, account_of(context))
    hand = Hand(
        ports,
        context,
        client,
        target,
        batch,
        patch | {"lastAlarmActivationId": batch.activation},
        mail is not None,
    )
    try:
        if mail is None:
            return await _work(hand)
        hand = replace(hand, target=replace(target, list_id=await own_list(hand)))
        wrong = await _work(hand)
        await note_wrong(ports, context, wrong)  # now: the asking comes back many times
        return await ask_there(hand, mail) or wrong
    except QualtricsRefused as refused:
        await ports.db.write(store.abandon_batch, *key, ReachReason.QUALTRICS_REFUSED)
        return str(refused) + await end_asking(hand)
    except QualtricsBusy as busy:
        if ports.clock.now() - batch.begun_at < ports.limits.send_by:
            raise JobRetry(busy.seconds, str(busy), counts=False) from busy
        await ports.db.write(store.abandon_batch, *key, ReachReason.QUALTRICS_UNCLEAR)
        return f"Qualtrics did not take the people in time: {busy}" + await end_asking(hand)


async def note_wrong(ports: Ports, context: TaskContext, words: str) -> None:
    """Write what went wrong for good at the task, where whoever looks at the run reads it."""
    if words:
        output = await ports.db.read(store.count_reach, context.tenant, context.task_run)
        await ports.db.write(workflows.note_task, context.tenant, context.task_run, output, words)


def account_of(context: TaskContext) -> QualtricsAccount:
    """Where Qualtrics is and as whom, from the task's account."""
    given = context.account
    return QualtricsAccount(
        given.get("qualtrics_place", ""),
        given.get("qualtrics_api_token", ""),
        given.get("qualtrics_client_id", ""),
        given.get("qualtrics_client_secret", ""),
        qualtrics_mail(context.form) is not None,
    )


async def _work(hand: Hand) -> str:
    await _end_import(hand)
    await _look(hand)
    wanting = await hand.people(HandState.ALIKE, HandState.MISSING)
    for_import, refusal = await _for_import(hand, wanting)
    if for_import:
        await _import(hand, for_import)
    await _write(hand)
    if await hand.people(HandState.WAITING):
        raise JobRetry(POLL, "an import has ended, and the search does not find its people yet", counts=False)
    return refusal


async def _end_import(hand: Hand) -> None:
    """Wait for the import that runs; then its people are looked for. One whose id was lost is not asked after."""
    importing = await hand.people(HandState.IMPORTING)
    if not importing:
        return
    known = bool(hand.batch.import_id)
    if known:
        await _wait_for(hand, hand.batch.import_id)
    # first the people, then the import: cut off in between, its end is only read once more
    await hand.move([replace(one, state=HandState.WAITING, looks=one.looks + known) for one in importing])
    await hand.set_import("")


async def _wait_for(hand: Hand, import_id: str) -> None:
    try:
        progress = await hand.client.import_progress(hand.target.directory, hand.target.list_id, import_id)
    except QualtricsRefused as refused:
        if refused.is_total:
            raise
        return  # it knows no such import any more: the search will say whom it brought
    if not progress.is_complete:
        raise JobRetry(POLL, "the import runs", counts=False)


async def _look(hand: Hand) -> None:
    """Search for whoever waits, some at a time; each search's result is written before the next one."""
    waiting = await hand.people(HandState.WAITING)
    for start in range(0, len(waiting), SEARCHED):
        some = waiting[start : start + SEARCHED]
        people = [(one.ext_ref, one.email) for one in some]
        found = await hand.client.find_contacts(hand.target.directory, people)
        ends: dict[str, ReachReason] = {}
        moved: list[HandedPerson] = []
        there: list[HandedPerson] = []
        for one in some:
            match = best_match(found, one.ext_ref, one.email)
            if match is not None and match.embedded.get("lastAlarmActivationId") == hand.batch.activation:
                ends[one.person] = ReachReason.AT_QUALTRICS
                there.append(replace(one, contact=match.id))
            elif match is not None:
                moved.append(_found(hand, one, match))
            elif not one.email:
                ends[one.person] = ReachReason.NO_EMAIL
            elif not hand.target.create:
                ends[one.person] = ReachReason.NO_CONTACT
            elif one.looks == 0:
                moved.append(replace(one, state=HandState.MISSING))
            elif one.looks >= LOOKS:
                ends[one.person] = ReachReason.QUALTRICS_REFUSED
            else:
                moved.append(replace(one, looks=one.looks + 1))
        await hand.move(there)
        await hand.settle(ends)
        await hand.move(moved)
        faults.point("qualtrics.looked")


def _found(hand: Hand, one: HandedPerson, match: FoundContact) -> HandedPerson:
    """Whether an import would find the contact: not by our words where it stands there under another address; by its own.

    Where people are asked there, everybody goes by an import, for only so they come onto the batch's list.
    """
    if hand.asks and one.looks == 0:
        return replace(one, state=HandState.ALIKE, contact=match.id, email=match.email, ext_ref=match.ext_ref)
    ours, theirs = (one.email, one.ext_ref), (match.email, match.ext_ref)
    is_alike = [text.lower() for text in ours] == [text.lower() for text in theirs]
    state = HandState.ALIKE if is_alike and one.looks == 0 else HandState.FOUND
    return replace(one, state=state, contact=match.id)


async def _for_import(hand: Hand, wanting: Sequence[HandedPerson]) -> tuple[list[HandedPerson], str]:
    """Who goes by an import: the missing, and the alike where they are many."""
    missing = [one for one in wanting if one.state is HandState.MISSING]
    alike = [one for one in wanting if one.state is HandState.ALIKE]
    by_import = hand.asks or len(alike) > IMPORT_ABOVE
    if not missing and not (alike and by_import):
        return [], ""
    criteria = await hand.client.criteria(hand.target.directory)
    # an import that is repeated would make those twice of whom the directory compares nothing
    lost = [one for one in missing if not _is_compared(one, criteria)]
    await hand.settle({one.person: ReachReason.QUALTRICS_REFUSED for one in lost})
    chosen = [one for one in missing if _is_compared(one, criteria)]
    if by_import:
        chosen += [one for one in alike if _is_compared(one, criteria)]
    return chosen, _NOT_COMPARED if lost else ""


def _is_compared(one: HandedPerson, criteria: Mapping[str, bool]) -> bool:
    """Whether the directory would find the person again by what it compares."""
    values = [value for name, value in (("email", one.email), ("ext_ref", one.ext_ref)) if criteria[name]]
    return bool(values) and all(values)


async def _import(hand: Hand, people: Sequence[HandedPerson]) -> None:
    """Hand them over in bulk. That they may be is written first: then a lost answer is followed by a look, not by a repeat."""
    await hand.move([replace(one, state=HandState.IMPORTING) for one in people])
    faults.point("qualtrics.importing")
    rows = [NewContact(one.email, one.ext_ref, one.first_name, one.last_name, hand.patch) for one in people]
    import_id = await hand.client.begin_import(hand.target.directory, hand.target.list_id, rows)
    faults.point("qualtrics.imported")
    await hand.set_import(import_id)
    await _write(hand)
    raise JobRetry(POLL, "the import runs", counts=False)


async def _write(hand: Hand) -> None:
    """One request per contact that was found; a person in Python's loop, because the API takes no more at once but by import."""
    found = await hand.people(HandState.FOUND, HandState.ALIKE)
    for one in found:
        try:
            await hand.client.change_contact(hand.target.directory, one.contact, hand.patch)
        except QualtricsRefused as refused:
            if refused.is_total:
                raise
            await hand.settle({one.person: ReachReason.QUALTRICS_REFUSED})
        else:
            await hand.settle({one.person: ReachReason.AT_QUALTRICS})
        faults.point("qualtrics.written")
