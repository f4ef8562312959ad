"""Whether a recipient can be saved, and in which words it cannot (systrack.md 2.9, 4.2 and 4.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    RecipientDraft,
    RecipientFault,
    RecipientProblem,
    RecipientType,
    Webhook,
)
from opulse.monitoring.recipients.rules.bodies import check_bodies
from opulse.wire.signature import NEXT_SIGNATURE_HEADER, SIGNATURE_HEADER
from opulse.wire.standard_webhooks import (
    ID_HEADER,
    SIGNATURES_HEADER,
    TIMESTAMP_HEADER,
    read_standard_secret,
)
from opulse.wire.webhook import DELIVERY_HEADER, TEST_HEADER

MAX_HEADERS: Final = 20
MAX_NAME: Final = 200
RESERVED: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        SIGNATURE_HEADER,
        NEXT_SIGNATURE_HEADER,
        ID_HEADER,
        TIMESTAMP_HEADER,
        SIGNATURES_HEADER,
        DELIVERY_HEADER.lower(),
        TEST_HEADER.lower(),
    }
)
"""Headers that the sender writes itself, or that would let a value break the request apart."""

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")  # RFC 9110 5.6.2
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,8000}")
_EMAIL: Final = re.compile(r"[^@\s\"<>,;:\\()\[\]]{1,64}@[^@\s\"<>,;:\\()\[\]]+\.[^@\s\"<>,;:\\()\[\]]{2,}")


def check_draft(draft: RecipientDraft, *, name_taken: bool) -> tuple[RecipientProblem, ...]:
    """Everything to mend, all at once; empty when the recipient can be saved.

    Args:
        name_taken: another webhook of the tenant has this name ("two webhooks cannot share the same name").
    """
    problems = [*_check_name(draft, name_taken), *_check_characters(draft)]
    if draft.channel is Channel.EMAIL:
        return (*problems, *_check_email(draft.email))
    if draft.recipient_type is not RecipientType.SYSTEM or draft.webhook is None:
        text = f"A {draft.recipient_type.value} is reached by e-mail; select System for a webhook."
        return (*problems, RecipientProblem("connection", RecipientFault.CONNECTION, text))
    return (*problems, *check_webhook(draft.webhook))


def check_webhook(webhook: Webhook) -> tuple[RecipientProblem, ...]:
    """Everything to mend in the request itself, so that a test of an unsaved form is checked alike."""
    return (
        *_check_url(webhook.url),
        *_check_authentication(webhook.authentication),
        *_check_headers(webhook.headers),
        *check_bodies(webhook),
    )


def _check_name(draft: RecipientDraft, name_taken: bool) -> Iterator[RecipientProblem]:
    if not draft.name.strip():
        yield RecipientProblem("name", RecipientFault.NAME_MISSING, "Give the recipient a name.")
    elif len(draft.name) > MAX_NAME:
        text = f"The name has {len(draft.name)} characters; {MAX_NAME} fit."
        yield RecipientProblem("name", RecipientFault.NAME_TOO_LONG, text)
    if name_taken and draft.channel is Channel.WEBHOOK:
        text = f"Another webhook is named {draft.name!r}; two webhooks cannot share a name."
        yield RecipientProblem("name", RecipientFault.NAME_TAKEN, text)


def _check_characters(draft: RecipientDraft) -> Iterator[RecipientProblem]:
    given = {"name": draft.name, "first_name": draft.first_name, "last_name": draft.last_name}
    if draft.webhook is not None:
        given["authentication.username"] = draft.webhook.authentication.username
    for field, text in given.items():
        if _CONTROLS.search(text):
            words = field.rpartition(".")[2].replace("_", " ")
            sentence = f"The {words} holds a control character."
            yield RecipientProblem(field, RecipientFault.BAD_CHARACTER, sentence)


def _check_email(email: str) -> Iterator[RecipientProblem]:
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        text = f"{email!r} is not a mail address." if email else "Enter the mail address."
        yield RecipientProblem("email", RecipientFault.EMAIL_INVALID, text)


def _check_url(url: str) -> Iterator[RecipientProblem]:
    """The form of the address only; whether its host may be called is asked of the outbound guard by the flow."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or any(ord(char) <= 0x20 for char in url):
        text = "Enter an address that begins with https:// (or http:// where that is allowed)."
        yield RecipientProblem("url", RecipientFault.URL_INVALID, text)
    elif parts.username or parts.password or parts.fragment:
        text = "Leave user name, password and #fragment out of the address; use Authentication."
        yield RecipientProblem("url", RecipientFault.URL_INVALID, text)


def _check_authentication(given: Authentication) -> Iterator[RecipientProblem]:
    fault = RecipientFault.CREDENTIAL_MISSING
    if given.type is AuthenticationType.BASIC:
        if not given.username or ":" in given.username:
            text = "Basic Auth needs a user name (RFC 7617 allows no colon in it)."
            yield RecipientProblem("authentication.username", fault, text)
        if not given.password:
            yield RecipientProblem("authentication.password", fault, "Basic Auth needs a password.")
    if given.type.signs and not given.secret:
        yield RecipientProblem("authentication.secret", fault, "Enter a secret, or let one be generated.")
    elif given.type is AuthenticationType.STANDARD:
        yield from _check_standard_secret(given.secret or "")


def _check_standard_secret(secret: str) -> Iterator[RecipientProblem]:
    try:
        read_standard_secret(secret)
    except ValueError as error:
        text = f"A secret of Standard Webhooks is whsec_ and Base64: {error}."
        yield RecipientProblem("authentication.secret", RecipientFault.UNREADABLE_KEY, text)


def _check_headers(headers: Sequence[Header]) -> Iterator[RecipientProblem]:
    if len(headers) > MAX_HEADERS:
        text = f"A webhook holds at most {MAX_HEADERS} headers; {len(headers)} are added."
        yield RecipientProblem("headers", RecipientFault.TOO_MANY_HEADERS, text)
    seen: set[str] = set()
    for header in headers:
        yield from _check_header(header)
        key = header.name.lower()
        if key in seen:
            text = f"The header {header.name} is added twice."
            yield RecipientProblem("headers", RecipientFault.HEADER_REPEATED, text)
        seen.add(key)


def _check_header(header: Header) -> Iterator[RecipientProblem]:
    if not _TOKEN.fullmatch(header.name):
        text = f"{header.name!r} is not a header name: letters, digits and - only."
        yield RecipientProblem("headers", RecipientFault.HEADER_NAME, text)
    elif header.name.lower() in RESERVED:
        text = f"The header {header.name} is written by the sender itself."
        yield RecipientProblem("headers", RecipientFault.HEADER_RESERVED, text)
    if not _VALUE.fullmatch(header.value or ""):
        text = f"The value of {header.name} holds a line break or a character that is not ASCII."
        yield RecipientProblem("headers", RecipientFault.HEADER_VALUE, text)
