"""A form that is saved again shows dots for its secrets; what it leaves empty is kept (systrack.md 4.5 and 4.6)."""

from __future__ import annotations

from dataclasses import replace

from opulse.monitoring.recipients.models import Authentication, Header, Webhook


def keep_secrets(given: Webhook, stored: Webhook | None) -> Webhook:
    """``given`` with every secret that it left empty (None) taken from ``stored``, which holds them in the clear.

    A password or secret is kept only while the type of authentication stays; a sensitive header only under its name.
    """
    if stored is None:
        return given
    headers = tuple(_keep_header(header, stored.headers) for header in given.headers)
    return replace(
        given, authentication=_keep_credential(given.authentication, stored.authentication), headers=headers
    )


def _keep_credential(given: Authentication, stored: Authentication) -> Authentication:
    if given.type is not stored.type:
        return given
    return replace(
        given,
        password=stored.password if given.password is None else given.password,
        secret=stored.secret if given.secret is None else given.secret,
    )


def _keep_header(given: Header, stored: tuple[Header, ...]) -> Header:
    if given.value is not None or not given.sensitive:
        return given
    known = {header.name.lower(): header.value for header in stored if header.sensitive}
    return replace(given, value=known.get(given.name.lower()))
