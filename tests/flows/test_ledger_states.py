"""Every affected system ends in exactly one state, and the states sum to the affected systems: branch by branch, over rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.experience.extensions.experience_id_change.jobs import TRIGGER
from opulse.experience.responses.views import owner_corrections
from opulse.experience.workflows.views import runs, task_runs, traces, workflows
from opulse.jobs.table import jobs
from opulse.monitoring.activations.store.tables import activations
from opulse.monitoring.silences.store.tables import mutes
from opulse.ports import Ports
from opulse.pulses.ledger import SENTENCES, LedgerState, explain, ledger
from opulse.pulses.ledger.models import ORDER
from opulse.tenancy.flow.tenants import create_tenant
from opulse.web.errors import NotFound
from tests.unit.experience.impact.incident import ACTIVATION, ASK, IN, Incident, begin

pytestmark = pytest.mark.stores

S = LedgerState
Setup = Callable[[Incident], Awaitable[object]]


async def states(incident: Incident) -> dict[LedgerState, int]:
    found = await ledger(incident.ports, incident.tenant, ACTIVATION)
    assert sum(found.states.values()) == found.total
    return dict(found.states)


def invitation(state: str, reason: str = "", answer: str = "", **values: object) -> Setup:
    """One person, one system, one invitation."""

    async def setup(incident: Incident) -> None:
        made = await incident.invited(1, state, reason, **values)
        if answer:
            await incident.responded(made, answer)

    return setup


async def corrected(incident: Incident) -> None:
    made = await incident.invited(1)
    await incident.put(
        owner_corrections, invitation=made, contact="CID_1", activation=ACTIVATION, kind="not_me"
    )


async def expired(incident: Incident) -> None:
    await incident.invited(1, expires_at=incident.clock.now())


def shown(state: str) -> Setup:
    """One person, one system, one invitation that a desktop showed."""

    async def setup(incident: Incident) -> None:
        await incident.invited(1, state, shown_at=incident.clock.now())

    return setup


async def shown_and_over(incident: Incident) -> None:
    now = incident.clock.now()
    await incident.invited(1, "shown", shown_at=now, expires_at=now)


async def waits_for_the_workflows(incident: Incident) -> None:
    await incident.changed(1)
    await incident.put(
        jobs, kind="contacts.changed", unique_key=f"CS_{incident.made}", state="waiting", id=900
    )


async def listens_elsewhere(incident: Incident) -> None:
    await incident.changed(1)
    document = {"name": ASK, "trigger": {"type": TRIGGER, "form": {"directory": "POOL_other"}}, "tasks": []}
    await incident.change(workflows, document=document)


async def nobody_listens(incident: Incident) -> None:
    await incident.changed(1)
    await incident.change(workflows, deleted=True)


async def is_off(incident: Incident) -> None:
    await incident.changed(1)
    await incident.change(workflows, enabled=False)


REACHED: list[tuple[str, Setup, LedgerState]] = [
    ("answered", invitation("accepted", answer="recorded"), S.ANSWERED),
    ("answered late", invitation("accepted", answer="late"), S.ANSWERED_LATE),
    ("started", invitation("accepted", answer="in_progress"), S.STARTED),
    ("begun and closed", invitation("accepted", answer="partial"), S.STARTED),
    ("withdrawn", invitation("accepted", answer="withdrawn"), S.NOT_THEIRS),
    ("corrected", corrected, S.NOT_THEIRS),
    ("quarantined", invitation("accepted", answer="quarantined"), S.QUARANTINED),
    ("answered, deleted", invitation("accepted", answer="deleted"), S.ANSWER_DELETED),
    ("accepted", invitation("accepted"), S.ACCEPTED),
    ("expired", expired, S.EXPIRED),
    ("unknown", invitation("unknown"), S.AMBIGUOUS),
    ("queued", invitation("queued"), S.QUEUED),
    ("sending", invitation("sending"), S.QUEUED),
    ("deferred", invitation("deferred", "greylisted"), S.QUEUED),
    ("refused", invitation("refused", "no_such_user"), S.REFUSED),
    ("bounced", invitation("bounced"), S.BOUNCED),
    ("too late", invitation("too_late"), S.TOO_LATE),
    ("offered to desktops", invitation("offered"), S.OFFERED),
    ("shown on a desktop", shown("shown"), S.SHOWN),
    ("mailed and shown", shown("accepted"), S.ACCEPTED),
    ("waits at the relay, was shown", shown("deferred"), S.SHOWN),
    ("refused, and was shown before", shown("refused"), S.SHOWN),
    ("shown, and stopped", shown("cancelled"), S.STOPPED),
    ("shown, time is over", shown_and_over, S.EXPIRED),
    ("cancelled", invitation("cancelled"), S.STOPPED),
    ("held: other pulse", invitation("held", "in_another_pulse"), S.IN_ANOTHER_PULSE),
    ("held: quiet hours", invitation("held", "quiet_hours"), S.QUIET_HOURS),
    ("held: to confirm", invitation("held", "needs_confirmation"), S.NEEDS_CONFIRMATION),
    ("deleted", invitation("spared", "deleted"), S.NO_CONTACT),
    ("opted out", invitation("spared", "opted_out"), S.OPTED_OUT),
    ("opted out of everything", invitation("spared", "opted_out_everywhere"), S.OPTED_OUT),
    ("opted out of list", invitation("spared", "opted_out_of_list"), S.OPTED_OUT),
    ("muted", invitation("spared", "muted"), S.MUTED),
    ("no address", invitation("spared", "no_email"), S.BAD_ADDRESS),
    ("bad address", invitation("spared", "bad_email"), S.BAD_ADDRESS),
    ("allow list", invitation("spared", "not_on_allow_list"), S.NOT_ON_ALLOW_LIST),
    ("already asked", invitation("spared", "already_asked"), S.SAME_PERSON),
    ("one per activation", invitation("spared", "one_per_activation"), S.SAME_PERSON),
    ("fatigue", invitation("spared", "fatigue_rule", rule="FQ_1"), S.FATIGUE_RULE),
    ("cap", invitation("spared", "over_cap"), S.OVER_CAP),
    ("stopped", invitation("spared", "stopped_by_operator"), S.STOPPED),
    ("run failed", lambda i: i.changed(1, traced=True, run="failed"), S.RUN_FAILED),
    ("run partly failed", lambda i: i.changed(1, traced=True, run="partly_failed"), S.RUN_FAILED),
    ("run not started", lambda i: i.changed(1, traced=True, run="not_started"), S.RUN_FAILED),
    ("run queued", lambda i: i.changed(1, traced=True, run="queued"), S.BEING_RESOLVED),
    ("run running", lambda i: i.changed(1, traced=True, run="running"), S.BEING_RESOLVED),
    ("conditions false", lambda i: i.changed(1, traced=False), S.CONDITIONS_FALSE),
    ("not evaluated", lambda i: i.changed(1, traced=False, why_not="kind"), S.CONDITIONS_FALSE),
    ("change waits", waits_for_the_workflows, S.BEING_RESOLVED),
    ("workflow off", is_off, S.WORKFLOW_OFF),
    ("no workflow", nobody_listens, S.NO_WORKFLOW),
    ("workflow of another directory", listens_elsewhere, S.NO_WORKFLOW),
]


@pytest.mark.parametrize(
    ("setup", "expected"), [case[1:] for case in REACHED], ids=[case[0] for case in REACHED]
)
async def test_a_system_whose_person_was_reached(
    ports: Ports, clock: ManualClock, setup: Setup, expected: LedgerState
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    await setup(incident)
    assert await states(incident) == {expected: 1}
    [told] = await explain(ports, incident.tenant, ACTIVATION, "p1@example")
    assert (told.system, told.person, told.name) == ("LT-0000", "p1@example.org", "First1 Last1")
    assert (told.state, told.sentence) == (expected, SENTENCES[expected])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("no_user", S.NO_USER),
        ("no_email", S.NO_EMAIL),
        ("no_contact", S.NO_CONTACT),
        ("to_qualtrics", S.BEING_RESOLVED),
        ("at_qualtrics", S.HANDED_OVER),
        ("asked_at_qualtrics", S.ASKED_THERE),
        ("answered_at_qualtrics", S.ANSWERED_THERE),
        ("qualtrics_refused", S.REFUSED_THERE),
        ("qualtrics_unclear", S.UNCLEAR_THERE),
    ],
)
async def test_a_system_that_led_to_nobody(
    ports: Ports, clock: ManualClock, reason: str, expected: LedgerState
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.reached(0, 1, reason=reason)
    assert await states(incident) == {expected: 1}


async def opened_just_now(incident: Incident) -> None:
    await incident.put(jobs, kind="activation.opened", unique_key=ACTIVATION, state="waiting", id=900)


async def only_the_end_was_told(incident: Incident) -> None:
    await incident.told("delivered", "SensorNotification.Resolved")


def muted(outcome: str) -> Setup:
    """A silence kept its recipients from being told: until now, for good, or until they were told after all."""

    async def setup(incident: Incident) -> None:
        if outcome == "told":
            await incident.told("delivered")
        words = {"reason": "silenced", "rule": "s", "words": "known", "since": incident.clock.now()}
        await incident.put(mutes, activation=ACTIVATION, outcome=outcome, **words)

    return setup


async def told_and(incident: Incident, *more: Awaitable[object]) -> None:
    await incident.told("delivered")
    for one in more:
        await one


async def came_while_off(incident: Incident) -> None:
    await incident.told("dead")
    await incident.put(
        runs, id="RUN_off", workflow=IN, event_key=f"{ACTIVATION}/off/x", state="not_started", chain=[]
    )


async def came_and_did_not_match(incident: Incident) -> None:
    await incident.told("delivered")
    await incident.put(traces, workflow=IN, change_set=ACTIVATION, number=0, count=1, matched=False)


OUTSIDE: list[tuple[str, Setup, LedgerState, LedgerState]] = [
    ("opened just now", opened_just_now, S.BEING_RESOLVED, S.NOT_TOLD),
    ("silenced", muted("waiting"), S.SILENCED, S.SILENCED),
    ("silenced for good", muted("never_told"), S.SILENCED, S.SILENCED),
    ("silenced, then told", muted("told"), S.BEING_RESOLVED, S.NOT_TOLD),
    ("nobody to tell", lambda i: i.told("dead", "Other"), S.NOT_TOLD, S.NOT_TOLD),
    ("being told", lambda i: i.told("waiting"), S.BEING_RESOLVED, S.NOT_TOLD),
    ("told", lambda i: i.told("delivered"), S.BEING_RESOLVED, S.NOT_TOLD),
    ("given up", lambda i: i.told("dead"), S.NOT_TOLD, S.NOT_TOLD),
    ("only the end was told", only_the_end_was_told, S.NOT_TOLD, S.NOT_TOLD),
    ("the workflow was off", came_while_off, S.WORKFLOW_OFF, S.WORKFLOW_OFF),
    ("its conditions were false", came_and_did_not_match, S.CONDITIONS_FALSE, S.CONDITIONS_FALSE),
    ("run queued", lambda i: told_and(i, i.fetching("queued")), S.BEING_RESOLVED, S.RUN_FAILED),
    ("run running", lambda i: told_and(i, i.fetching("running")), S.BEING_RESOLVED, S.RUN_FAILED),
    ("run failed", lambda i: told_and(i, i.fetching("failed")), S.RUN_FAILED, S.RUN_FAILED),
    ("asked the snapshot only", lambda i: told_and(i, i.fetching()), S.JOINED_LATER, S.JOINED_LATER),
    ("looks again", lambda i: told_and(i, i.fetching(next_wave_at="x")), S.BEING_RESOLVED, S.JOINED_LATER),
    ("told under another id", lambda i: told_and(i, i.fetching(key="other")), S.JOINED_LATER, S.JOINED_LATER),
]


@pytest.mark.parametrize(
    ("setup", "now", "afterwards"), [case[1:] for case in OUTSIDE], ids=[case[0] for case in OUTSIDE]
)
async def test_systems_that_never_reached_the_experience_side(
    ports: Ports, clock: ManualClock, setup: Setup, now: LedgerState, afterwards: LedgerState
) -> None:
    """What they are in now, and one hour after the activation ended."""
    incident = await begin(ports, clock, 3)
    await setup(incident)
    assert await states(incident) == {now: 3}
    [told] = await explain(ports, incident.tenant, ACTIVATION, "lt-0002")
    assert (told.system, told.state, told.wave) == ("LT-0002", now, 0)
    await incident.close()
    clock.advance(3599)
    assert await states(incident) == {now: 3}
    clock.advance(1)
    assert await states(incident) == {afterwards: 3}
    [told] = await explain(ports, incident.tenant, ACTIVATION, "LT-0002")
    assert told.state is afterwards, "the search says what the ledger says"


async def test_every_state_is_tested_here() -> None:
    seen = {case[2] for case in REACHED} | {state for case in OUTSIDE for state in case[2:]}
    assert seen | {S.NO_USER, S.NO_EMAIL, S.NO_CONTACT} | {
        S.ANSWERED_THERE,
        S.ASKED_THERE,
        S.HANDED_OVER,
        S.REFUSED_THERE,
        S.UNCLEAR_THERE,
    } == set(LedgerState)


async def test_every_state_has_a_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(ORDER) == set(LedgerState)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


async def test_being_resolved_is_0_one_hour_after_the_end(ports: Ports, clock: ManualClock) -> None:
    incident = await begin(ports, clock, 6)
    await incident.fetching("running")
    for number, run in ((1, "queued"), (2, "running"), (3, "failed")):
        await incident.contact(number)
        await incident.reached(number, number)
        await incident.changed(number, traced=True, run=run)
    await incident.contact(4)
    await incident.reached(4, 4)
    await incident.invited(4)
    assert await states(incident) == {S.ACCEPTED: 1, S.RUN_FAILED: 1, S.BEING_RESOLVED: 4}
    await incident.close()
    clock.advance(3600)
    assert await states(incident) == {S.ACCEPTED: 1, S.RUN_FAILED: 5}


async def test_a_system_with_several_people_takes_the_best_state_of_any(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 2)
    await incident.fetching()
    for number, state in ((1, "refused"), (2, "accepted"), (3, "queued")):
        await incident.contact(number)
        await incident.reached(0, number)
        await incident.invited(number, state)
    await incident.reached(1, 9, reason="no_contact")
    await incident.reached(1, 8, reason="no_email")
    assert await states(incident) == {S.ACCEPTED: 1, S.NO_CONTACT: 1}


async def test_the_same_person_on_two_systems_is_one_answer_and_one_same_person(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 3)
    await incident.fetching()
    await incident.contact(1)
    await incident.contact(2)
    await incident.reached(0, 1)
    await incident.reached(1, 1)
    await incident.reached(2, 1, wave=2)
    await incident.reached(2, 2, wave=2)
    answered = await incident.invited(1)
    await incident.responded(answered, "recorded")
    await incident.invited(2, "queued")
    assert await states(incident) == {S.ANSWERED: 1, S.SAME_PERSON: 1, S.QUEUED: 1}


async def test_a_person_who_was_not_asked_has_the_reason_on_each_of_their_systems(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 2)
    await incident.fetching()
    await incident.contact(1)
    for system in range(2):
        await incident.reached(system, 1)
    await incident.changed(1, traced=False)
    assert await states(incident) == {S.CONDITIONS_FALSE: 2}


async def test_two_tasks_that_fetch_the_same_systems_count_them_once(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 2)
    await incident.fetching()
    await incident.put(
        task_runs, id="TR_2", run="RUN_receive", task="task2", type="operational_pulse", state="succeeded"
    )
    await incident.contact(1)
    for task in ("TR_receive", "TR_2"):
        await incident.reached(0, 1, task_run=task)
    await incident.invited(1)
    assert await states(incident) == {S.ACCEPTED: 1, S.JOINED_LATER: 1}


async def test_another_activation_or_tenant_has_nothing_to_do_with_it(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    await incident.invited(1, activation="another", cause="another")
    await incident.changed(1, traced=False)
    assert await states(incident) == {S.CONDITIONS_FALSE: 1}
    other = await create_tenant(ports, "Other", "test")
    for tenant, activation in ((other.id, ACTIVATION), (incident.tenant, "unknown")):
        with pytest.raises(NotFound):
            await ledger(ports, tenant, activation)
        assert await explain(ports, tenant, activation, "p1@") == []


async def test_without_the_other_wing_the_reached_systems_are_the_ledger(
    ports: Ports, clock: ManualClock
) -> None:
    """The two wings may be two installations: then this one knows the activation by what it fetched."""
    incident = await begin(ports, clock, 0)
    await incident.change(activations, id="somebody else's")
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    await incident.reached(1, 2, reason="no_contact")
    await incident.invited(1)
    assert await states(incident) == {S.ACCEPTED: 1, S.NO_CONTACT: 1}


async def test_an_hour_is_counted_from_the_end_and_not_from_the_beginning(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.told("delivered")
    clock.advance(timedelta(days=3).total_seconds())
    assert await states(incident) == {S.BEING_RESOLVED: 1}
