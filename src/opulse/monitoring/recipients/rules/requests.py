"""The headers of a webhook, for exactly these bytes."""

from __future__ import annotations

import base64
from datetime import datetime

from opulse.monitoring.recipients.models import Authentication, AuthenticationType, Webhook
from opulse.wire.signature import NEXT_SIGNATURE_HEADER, SIGNATURE_HEADER, sign_lakeside
from opulse.wire.standard_webhooks import sign_standard
from opulse.wire.webhook import CONTENT_TYPE, DELIVERY_HEADER, TEST_HEADER


def build_headers(
    webhook: Webhook, body: bytes, delivery_id: str, now: datetime, *, test: bool = False
) -> dict[str, str]:
    """Own headers override the content type; nothing overrides what proves the sender (they cannot be saved).

    ``webhook`` holds its secrets in the clear. ``now`` is the attempt's time: body and delivery id are the same on
    every attempt, a signature that has a time is not.
    """
    headers = {"content-type": ("Content-Type", CONTENT_TYPE)}
    for header in webhook.headers:
        headers[header.name.lower()] = (header.name, header.value or "")
    proof = _proof(webhook.authentication, body, delivery_id, now)
    headers |= {name.lower(): (name, value) for name, value in proof.items()}
    headers[DELIVERY_HEADER.lower()] = (DELIVERY_HEADER, delivery_id)
    if test:
        headers[TEST_HEADER.lower()] = (TEST_HEADER, "1")
    return dict(headers.values())


def _proof(given: Authentication, body: bytes, delivery_id: str, now: datetime) -> dict[str, str]:
    match given.type:
        case AuthenticationType.OFF:
            return {}
        case AuthenticationType.BASIC:
            pair = f"{given.username}:{given.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
        case AuthenticationType.SIGNED:
            return _lakeside(given, body, now)
        case AuthenticationType.STANDARD:
            older = [given.previous or ""] if given.overlaps(now) else []
            return sign_standard([given.secret or "", *older], delivery_id, now, body)


def _lakeside(given: Authentication, body: bytes, now: datetime) -> dict[str, str]:
    """The header holds one signature, so the receiver's old secret makes it until the overlap ends: the day on which a secret is
    rotated breaks nobody. Beside it stands what the new one makes.
    """
    signature = sign_lakeside(given.secret or "", body)
    if not given.overlaps(now):
        return {SIGNATURE_HEADER: signature}
    return {SIGNATURE_HEADER: sign_lakeside(given.previous or "", body), NEXT_SIGNATURE_HEADER: signature}
