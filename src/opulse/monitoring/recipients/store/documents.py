"""A webhook as the document that a row of ``recipients`` holds. Its secrets are sealed by then."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from opulse.db import instant, stored_instant
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Header,
    RequestMethod,
    Webhook,
)


def document_of(webhook: Webhook) -> dict[str, Any]:
    """As it is stored."""
    proof = webhook.authentication
    return {
        "url": webhook.url,
        "url_sensitive": webhook.url_sensitive,
        "url_shown": webhook.url_shown,
        "method": webhook.method.value,
        "authentication": {
            "type": proof.type.value,
            "username": proof.username,
            "password": proof.password or "",
            "secret": proof.secret or "",
            "previous": proof.previous or "",
            "previous_until": stored_instant(proof.previous_until) if proof.previous_until else 0,
        },
        "headers": [asdict(header) | {"value": header.value or ""} for header in webhook.headers],
        "values": [asdict(value) | {"value": value.value or ""} for value in webhook.values],
        "body": webhook.body,
        "end_body": webhook.end_body,
    }


def webhook_of(document: dict[str, Any]) -> Webhook:
    """As it was stored; older documents lack what came later."""
    return Webhook(
        url=document["url"],
        url_sensitive=document.get("url_sensitive", False),
        url_shown=document.get("url_shown") or document["url"],
        method=RequestMethod(document["method"]),
        authentication=_authentication(document["authentication"]),
        headers=tuple(Header(**header) for header in document["headers"]),
        values=tuple(BodyValue(**value) for value in document.get("values", ())),
        body=document["body"],
        end_body=document.get("end_body", ""),
    )


def _authentication(proof: dict[str, Any]) -> Authentication:
    until = proof.get("previous_until")
    return Authentication(
        AuthenticationType(proof["type"]),
        proof["username"],
        proof["password"] or None,
        proof["secret"] or None,
        proof.get("previous") or None,
        instant(until) if until else None,
    )
