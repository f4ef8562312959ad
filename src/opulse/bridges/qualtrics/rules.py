"""Addresses, filters and choices of the Qualtrics API. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from opulse.bridges.qualtrics.models import FoundContact, QualtricsRefused

_DATA_CENTRE: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


def base_url(place: str) -> str:
    """Where the API stands, without a slash at the end: of a data centre, a host or an address.

    Raises:
        QualtricsRefused: it is none of them.
    """
    text = place.strip().rstrip("/")
    if _DATA_CENTRE.fullmatch(text.lower()):
        return f"https://{text.lower()}.qualtrics.com"
    parts = _split(text if "://" in text else f"https://{text}")
    if parts is None:
        raise QualtricsRefused(
            0, f"{place!r} is neither a data centre nor an address; say for example fra1", is_total=True
        )
    return parts


def same_place(url: str, base: str) -> bool:
    """Whether a link of an answer leads to where the account is; a token goes nowhere else."""
    return _split(url) == _split(base)


def people_filter(people: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The search for (ext_ref, email), either of which may be empty: anybody with one of them."""
    leaves = [
        {"filterType": kind, "comparison": "eq", "value": value}
        for ext_ref, email in people
        for kind, value in (("extRef", ext_ref), ("email", email))
        if value
    ]
    return {"filter": {"conjunction": "or", "filters": leaves}}


def best_match(found: Sequence[FoundContact], ext_ref: str, email: str) -> FoundContact | None:
    """Who of those found is meant: by reference, else by address; of several the one with the lowest id, always the same."""
    by_reference = [one for one in found if ext_ref and one.ext_ref.lower() == ext_ref.lower()]
    by_address = [one for one in found if email and one.email.lower() == email.lower()]
    return min(by_reference or by_address, key=lambda one: one.id, default=None)


def _split(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        readable = parts.port is None or parts.port > 0
    except ValueError:
        return None
    if (
        not readable
        or not parts.hostname
        or "@" in parts.netloc
        or not url.isprintable()
        or " " in url
        or "\\" in url
    ):
        return None
    return (
        f"{parts.scheme.lower()}://{parts.netloc.lower()}"
        if parts.scheme.lower() in ("https", "http")
        else None
    )
