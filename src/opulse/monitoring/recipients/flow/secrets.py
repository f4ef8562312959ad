"""Secrets of a webhook at rest: sealed in the store, opened to send, dotted for people."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from opulse.monitoring.recipients.models import Authentication, AuthenticationType, Header, Recipient, Webhook
from opulse.ports import SecretBox


def seal(webhook: Webhook, box: SecretBox) -> Webhook:
    """Ready for the store. A credential that the type of authentication does not use is dropped."""
    return _each_secret(_without_unused(webhook), box.seal)


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
    """A Signed Secret that was left empty gets 256 random bits. The second value is shown once; empty: nothing was made."""
    proof = webhook.authentication
    if proof.type is not AuthenticationType.SIGNED or proof.secret:
        return webhook, ""
    secret = new_secret()
    return replace(webhook, authentication=replace(proof, secret=secret)), secret


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def _without_unused(webhook: Webhook) -> Webhook:
    proof = webhook.authentication
    match proof.type:
        case AuthenticationType.OFF:
            used = Authentication()
        case AuthenticationType.BASIC:
            used = replace(proof, secret=None)
        case AuthenticationType.SIGNED:
            used = Authentication(AuthenticationType.SIGNED, secret=proof.secret)
    return replace(webhook, authentication=used)


def _each_secret(webhook: Webhook, change: Callable[[str], str | None]) -> Webhook:
    proof = webhook.authentication
    return replace(
        webhook,
        authentication=replace(
            proof,
            password=change(proof.password) if proof.password else None,
            secret=change(proof.secret) if proof.secret else None,
        ),
        headers=tuple(_change_header(header, change) for header in webhook.headers),
    )


def _change_header(header: Header, change: Callable[[str], str | None]) -> Header:
    if not header.sensitive or not header.value:
        return header
    return replace(header, value=change(header.value))
