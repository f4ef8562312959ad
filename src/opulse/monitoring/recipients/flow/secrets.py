"""Secrets of a webhook at rest: sealed in the store, opened to send, dotted for people."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Header,
    Recipient,
    Webhook,
)
from opulse.ports import SecretBox
from opulse.wire.standard_webhooks import new_standard_secret

Named = TypeVar("Named", Header, BodyValue)


def seal(webhook: Webhook, box: SecretBox) -> Webhook:
    """Ready for the store. A credential that the type of authentication does not use is dropped."""
    shown = origin_of(webhook.url) if webhook.url_sensitive else webhook.url
    return _each_secret(replace(_without_unused(webhook), url_shown=shown), box.seal)


def origin_of(url: str) -> str:
    """What may be shown of an address that is itself a secret: ``https://hooks.example.org/…``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}/…"


def open_secrets(recipient: Recipient, box: SecretBox) -> Recipient:
    """Ready to send.

    Raises:
        SecretUnreadable: the installation's key file is not the one that sealed them.
    """
    if recipient.webhook is None:
        return recipient
    return replace(recipient, webhook=_each_secret(recipient.webhook, box.open))


def hide_secrets(recipient: Recipient) -> Recipient:
    """Ready to show: every secret is None."""
    if recipient.webhook is None:
        return recipient
    return replace(recipient, webhook=_each_secret(recipient.webhook, lambda _: None))


def generate_secret(webhook: Webhook) -> tuple[Webhook, str]:
    """A secret that was left empty gets 256 random bits. The second value is shown once; empty: nothing was made."""
    proof = webhook.authentication
    if not proof.type.signs or proof.secret:
        return webhook, ""
    secret = new_secret(proof.type)
    return replace(webhook, authentication=replace(proof, secret=secret)), secret


def new_secret(kind: AuthenticationType) -> str:
    """256 random bits as text, in the form that this authentication wants."""
    return new_standard_secret() if kind is AuthenticationType.STANDARD else secrets.token_urlsafe(32)


def _without_unused(webhook: Webhook) -> Webhook:
    proof = webhook.authentication
    match proof.type:
        case AuthenticationType.OFF:
            used = Authentication()
        case AuthenticationType.BASIC:
            used = Authentication(proof.type, proof.username, proof.password)
        case AuthenticationType.SIGNED | AuthenticationType.STANDARD:
            used = replace(proof, username="", password=None)
    return replace(webhook, authentication=used)


def _each_secret(webhook: Webhook, change: Callable[[str], str | None]) -> Webhook:
    proof = webhook.authentication
    return replace(
        webhook,
        url=(change(webhook.url) or "") if webhook.url_sensitive else webhook.url,
        authentication=replace(
            proof,
            password=change(proof.password) if proof.password else None,
            secret=change(proof.secret) if proof.secret else None,
            previous=change(proof.previous) if proof.previous else None,
        ),
        headers=tuple(_change_value(header, change) for header in webhook.headers),
        values=tuple(_change_value(value, change) for value in webhook.values),
    )


def _change_value(given: Named, change: Callable[[str], str | None]) -> Named:
    if not given.sensitive or not given.value:
        return given
    return replace(given, value=change(given.value))
