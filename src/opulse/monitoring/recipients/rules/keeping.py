"""A form that is saved again shows dots for its secrets; what it leaves empty is kept (systrack.md 4.5 and 4.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from opulse.monitoring.recipients.models import Authentication, BodyValue, Header, Webhook

Named = TypeVar("Named", Header, BodyValue)


def keep_secrets(given: Webhook, stored: Webhook | None) -> Webhook:
    """``given`` with every secret that it left empty (None) taken from ``stored``, which holds them in the clear.

    A password or secret is kept only while the type of authentication stays; a sensitive header or value only under its name;
    a sensitive address while it stays sensitive.
    """
    if stored is None:
        return given
    kept_url = not given.url and given.url_sensitive and stored.url_sensitive
    return replace(
        given,
        url=stored.url if kept_url else given.url,
        authentication=_keep_credential(given.authentication, stored.authentication),
        headers=tuple(_keep_value(header, stored.headers) for header in given.headers),
        values=tuple(_keep_value(value, stored.values) for value in given.values),
    )


def _keep_credential(given: Authentication, stored: Authentication) -> Authentication:
    """A new secret that is typed replaces at once, so an overlap ends with it."""
    if given.type is not stored.type:
        return given
    given = replace(given, password=stored.password if given.password is None else given.password)
    if given.secret is not None:
        return given
    return replace(
        given, secret=stored.secret, previous=stored.previous, previous_until=stored.previous_until
    )


def _keep_value(given: Named, stored: tuple[Named, ...]) -> Named:
    if given.value is not None or not given.sensitive:
        return given
    known = {one.name.lower(): one.value for one in stored if one.sensitive}
    return replace(given, value=known.get(given.name.lower()))
