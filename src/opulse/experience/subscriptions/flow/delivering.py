"""Post one event to one subscription."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.experience.subscriptions import store
from opulse.experience.subscriptions.models import Subscription, SubscriptionState
from opulse.experience.subscriptions.rules import body_of
from opulse.jobs import Job, JobDead, JobRetry
from opulse.jobs.table import complete
from opulse.observe.metrics import DECISIONS
from opulse.outbound import OutboundError, OutboundResponse
from opulse.outbound.models import RetryDecision
from opulse.outbound.retry import decide_retry, outcome_of
from opulse.ports import Ports
from opulse.tenancy import audit_in, find_tenant

RECEIVER = "the receiver (410 Gone)"
"""Who ended a subscription, in the audit trail."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class _Told:
    subscription: Subscription
    brand: str


async def deliver(ports: Ports, job: Job) -> None:
    """One attempt, with the retries of every webhook of ours; whoever fails keeps nobody else waiting.

    Raises:
        JobRetry: another attempt is due.
        JobDead: refused, or all attempts are used up; it may be run again by hand.
    """
    told = await ports.db.read(_told_in, job)
    if told is None:
        return
    sealed = told.subscription.sealed
    key = ports.secrets.open(sealed) if sealed else ""
    body = body_of(job.payload["topic"], job.payload["message"], told.brand, key)
    result = await _post(ports, told.subscription.url, body)
    decision, again = decide_retry(job.attempt, outcome_of(result, ports.clock.now()))
    DECISIONS.labels("event_subscription", decision.value).inc()
    if again is not None:
        raise JobRetry(again, _why(result))
    if decision in (RetryDecision.DEAD_LETTER, RetryDecision.REFUSED):
        raise JobDead(f"{told.subscription.id} was not told: {_why(result)}")
    await ports.db.write(_end_in, ports, job, told.subscription, decision)


def _told_in(conn: Connection, job: Job) -> _Told | None:
    found = store.find_subscription(conn, job.tenant, job.payload["subscription"])
    if found is None or found.state is SubscriptionState.GONE:
        return None
    return _Told(found, find_tenant(conn, job.tenant).client_id)


async def _post(ports: Ports, url: str, body: str) -> OutboundResponse | OutboundError:
    try:
        return await ports.http.request("POST", url, headers=_FORM, content=body.encode())
    except OutboundError as error:
        return error


def _end_in(conn: Connection, ports: Ports, job: Job, told: Subscription, decision: RetryDecision) -> None:
    if not complete(conn, job):
        return  # another worker has it by now, and counts it
    if decision is RetryDecision.DELIVERED:
        store.count_success(conn, job.tenant, told.id)
        return
    store.set_state(conn, job.tenant, told.id, SubscriptionState.GONE)
    before, after = {"state": told.state.value}, {"state": SubscriptionState.GONE.value}
    audit_in(conn, job.tenant, RECEIVER, "subscription.gone", told.id, before, after, ports.clock.now())


def _why(result: OutboundResponse | OutboundError) -> str:
    return str(result) if isinstance(result, OutboundError) else f"the address answered {result.status}"
