"""The headers of a webhook, for exactly these bytes."""

from __future__ import annotations

import base64

from opulse.monitoring.recipients.models import Authentication, AuthenticationType, Webhook
from opulse.wire.signature import SIGNATURE_HEADER, sign_lakeside
from opulse.wire.webhook import CONTENT_TYPE, DELIVERY_HEADER, TEST_HEADER


def build_headers(webhook: Webhook, body: bytes, delivery_id: str, *, test: bool = False) -> dict[str, str]:
    """Own headers override the content type; nothing overrides what proves the sender (they cannot be saved).

    ``webhook`` holds its secrets in the clear.
    """
    headers = {"content-type": ("Content-Type", CONTENT_TYPE)}
    for header in webhook.headers:
        headers[header.name.lower()] = (header.name, header.value or "")
    headers |= {name.lower(): (name, value) for name, value in _proof(webhook.authentication, body).items()}
    headers[DELIVERY_HEADER.lower()] = (DELIVERY_HEADER, delivery_id)
    if test:
        headers[TEST_HEADER.lower()] = (TEST_HEADER, "1")
    return dict(headers.values())


def _proof(given: Authentication, body: bytes) -> dict[str, str]:
    match given.type:
        case AuthenticationType.OFF:
            return {}
        case AuthenticationType.BASIC:
            pair = f"{given.username}:{given.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
        case AuthenticationType.SIGNED:
            return {SIGNATURE_HEADER: sign_lakeside(given.secret or "", body)}
