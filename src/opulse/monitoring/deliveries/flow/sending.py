"""Send what waits: one attempt, its outcome written down, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.jobs import Job, JobRetry
from opulse.jobs.table import complete
from opulse.mail.models import Envelope
from opulse.mail.smtp import send_one
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.flow.pacing import note_pause_in, wait_in
from opulse.monitoring.deliveries.flow.sealing import open_body
from opulse.monitoring.deliveries.models import AttemptOutcome, Delivery, DeliveryReason, DeliveryState, Ended
from opulse.monitoring.deliveries.rules import decide_mail, decide_rest
from opulse.monitoring.recipients.flow.disabling import disable_in
from opulse.monitoring.recipients.flow.saving import find_for_sending_in
from opulse.monitoring.recipients.models import DisabledReason, Recipient, RecipientState, Webhook
from opulse.monitoring.recipients.rules import build_headers, mask_values
from opulse.observe import faults
from opulse.observe.metrics import DECISIONS, STAGE_SECONDS
from opulse.observe.traces import HEADER as TRACEPARENT
from opulse.observe.traces import Span, span
from opulse.outbound import OutboundError, OutboundResponse
from opulse.outbound.models import RetryDecision
from opulse.outbound.retry import decide_retry, outcome_of
from opulse.ports import Ports
from opulse.wire.webhook import EVENT_ACTIVATED

SNIPPET_BYTES = 2048
NO_RELAY_SECONDS = 30.0
RECEIVER = "the receiver (410 Gone)"
"""Who disabled a recipient, in the audit trail."""

_REASON = {
    RetryDecision.DELIVERED: DeliveryReason.ACCEPTED,
    RetryDecision.RETRY: DeliveryReason.TRY_AGAIN,
    RetryDecision.DEAD_LETTER: DeliveryReason.USED_UP,
    RetryDecision.REFUSED: DeliveryReason.REFUSED,
    RetryDecision.DISABLE: DeliveryReason.GONE,
}


@dataclass(frozen=True)
class _Started:
    delivery: Delivery
    recipient: Recipient
    number: int


async def send_delivery(ports: Ports, job: Job, delivery_id: str) -> None:
    """One attempt. Ends the job in the transaction that records a final outcome.

    Raises:
        JobRetry: another attempt is due later, or the delivery has to wait.
    """
    started = await _start(ports, job, delivery_id)
    if started is None:
        return
    tries = started.number - started.delivery.round_start
    if started.recipient.webhook is not None:
        ended = await _call(ports, started.recipient.webhook, started.delivery, tries)
    else:
        ended = await _mail(ports, started.recipient, started.delivery, tries)
    faults.point("delivery.taken")
    await _record(ports, job, started, ended)
    if ended.again_in is not None:
        raise JobRetry(ended.again_in, ended.error)


async def _start(ports: Ports, job: Job, delivery_id: str) -> _Started | None:
    """Write down that an attempt begins, so that one cut off by a crash is seen; None when nothing is to be sent."""
    now = ports.clock.now()

    def unit(conn: Connection) -> _Started | float | None:
        delivery = store.find_delivery(conn, job.tenant, delivery_id)
        if delivery is None or delivery.state is not DeliveryState.WAITING:
            complete(conn, job)
            return None
        if delivery.next_attempt_at is not None and delivery.next_attempt_at > now:
            return (delivery.next_attempt_at - now).total_seconds()
        recipient = find_for_sending_in(conn, job.tenant, delivery.recipient, ports.secrets)
        if recipient is None:
            reason = DeliveryReason.RECIPIENT_DELETED
            store.give_up(conn, job.tenant, delivery.id, reason, "", now)
            complete(conn, job)
            return None
        if recipient.state is RecipientState.DISABLED:
            store.give_up(conn, job.tenant, delivery.id, DeliveryReason.RECIPIENT_DISABLED, "", now)
            complete(conn, job)
            return None
        if recipient.webhook is None and ports.relay() is None:
            store.note_reason(conn, job.tenant, delivery.id, DeliveryReason.NO_RELAY, now)
            return NO_RELAY_SECONDS
        if recipient.webhook is not None:
            per_minute = ports.limits.webhooks_per_minute
            turn = wait_in(conn, job.tenant, recipient.webhook.url, per_minute, now)
            if turn is not None:
                reason, wait = turn
                store.note_reason(conn, job.tenant, delivery.id, reason, now + wait)
                return wait.total_seconds()
        return _Started(delivery, recipient, store.start_attempt(conn, job.tenant, delivery.id, now))

    started = await ports.db.write_first(Priority.ACTIVATION, unit)
    if isinstance(started, float):
        raise JobRetry(started, "not due yet: its turn at the host, or no mail relay is set up", counts=False)
    return started


async def _record(ports: Ports, job: Job, started: _Started, ended: Ended) -> None:
    now = ports.clock.now()

    def unit(conn: Connection) -> Activation | None:
        store.end_attempt(conn, job.tenant, started.delivery.id, started.number, ended, now)
        if ended.again_in is None:
            complete(conn, job)
        if started.recipient.webhook is not None:
            note_pause_in(conn, job.tenant, started.recipient.webhook.url, ended, now)
        if ended.reason is DeliveryReason.GONE:
            gone = DisabledReason.RECEIVER_GONE
            disable_in(conn, job.tenant, RECEIVER, started.recipient.id, gone, now)
        return get_activation(conn, job.tenant, started.delivery.activation)

    activation = await ports.db.write_first(Priority.ACTIVATION, unit)
    DECISIONS.labels("delivery", ended.reason.value).inc()
    told = ended.outcome is AttemptOutcome.ACCEPTED and started.delivery.event_type == EVENT_ACTIVATED
    if told and activation is not None:
        STAGE_SECONDS.labels("webhook").observe((now - activation.opened_at).total_seconds())


async def _call(ports: Ports, webhook: Webhook, delivery: Delivery, tries: int) -> Ended:
    began = ports.clock.now()
    activation = delivery.activation
    with span("webhook.deliver", trace=activation, activation=activation, attempt=tries) as recorded:
        result = await _request(ports, webhook, delivery, recorded)
    seconds = (ports.clock.now() - began).total_seconds()
    outcome = outcome_of(result, ports.clock.now())
    decision, again_in = decide_retry(tries, outcome)
    delivered = decision is RetryDecision.DELIVERED
    return Ended(
        outcome=AttemptOutcome.ACCEPTED if delivered else AttemptOutcome.FAILED,
        reason=_REASON[decision],
        status=getattr(result, "status", None),
        error="" if delivered else _error(result),
        seconds=seconds,
        snippet=mask_values(webhook, _snippet(result)),
        again_in=again_in,
        host_rests=decide_rest(outcome),
    )


async def _request(
    ports: Ports, webhook: Webhook, delivery: Delivery, recorded: Span
) -> OutboundResponse | OutboundError:
    body = open_body(ports, delivery)
    headers = dict(build_headers(webhook, body, delivery.id, ports.clock.now()))
    if recorded.traceparent:
        headers[TRACEPARENT] = recorded.traceparent
    try:
        result = await ports.http.request(webhook.method.value, webhook.url, headers=headers, content=body)
    except OutboundError as error:
        recorded.note(failed=True)
        return error
    recorded.note(status=result.status)
    return result


async def _mail(ports: Ports, recipient: Recipient, delivery: Delivery, tries: int) -> Ended:
    relay = ports.relay()
    assert relay is not None  # asked in the same job, before the attempt was written down
    began = ports.clock.now()
    envelope = Envelope(delivery.id, ports.mail_from, recipient.email, delivery.body)
    outcome = await send_one(relay, envelope)
    return decide_mail(tries, outcome, (ports.clock.now() - began).total_seconds())


def _error(result: OutboundResponse | OutboundError) -> str:
    if isinstance(result, OutboundError):
        return str(result)
    return f"answered {result.status}"


def _snippet(result: OutboundResponse | OutboundError) -> str:
    if isinstance(result, OutboundError):
        return ""
    return result.body[:SNIPPET_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
