"""Whom to ask about an affected system, and which addresses a token may be sent to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from opulse.experience.directory.models import Person
from opulse.experience.extensions.operational_pulse.models import (
    LAST_LOGON_DAYS,
    AffectedPerson,
    FetchRefused,
    ReachReason,
    Target,
)
from opulse.wire.affected import AffectedSystem, AffectedUser, seconds_since

_DAY = 86_400


def choose_people(systems: Iterable[AffectedSystem], as_of: str | None) -> list[AffectedPerson]:
    """Everybody logged on at activation; else the primary user; else the last one within 7 days (spine.md 4)."""
    chosen: list[AffectedPerson] = []
    for system in systems:
        name = system.system_name or system.fqdn or system.system_id
        users = _users_to_ask(system.users or [], as_of)
        if not users:
            chosen.append(AffectedPerson(system.system_id, name, None, ReachReason.NO_USER))
        for user in users:
            person = Person(user.user_id, user.email or "", user.first_name or "", user.last_name or "")
            chosen.append(AffectedPerson(system.system_id, name, person, ReachReason.REACHED))
    return chosen


def _users_to_ask(users: Sequence[AffectedUser], as_of: str | None) -> Sequence[AffectedUser]:
    logged_on = [user for user in users if user.is_logged_on]
    if logged_on:
        return logged_on
    primary = [user for user in users if user.is_primary]
    if primary:
        return primary
    recent = sorted(
        (since, user.user_id, user)
        for user in users
        if (since := seconds_since(user.last_logon, as_of)) is not None and since <= LAST_LOGON_DAYS * _DAY
    )
    return [recent[0][2]] if recent else []


def check_host(url: str, cloud_url: str, own_url: str) -> None:
    """Refuse to send a token anywhere but to the Cloud URL's host: a webhook may be unauthenticated, its URL is anybody's text.

    https only, except for our own address.

    Raises:
        FetchRefused: with what to mend.
    """
    target, cloud = _split(url), _split(cloud_url if "://" in cloud_url else f"https://{cloud_url}")
    own = _split(own_url)
    if target.netloc.lower() == own.netloc.lower() == cloud.netloc.lower() and target.scheme == own.scheme:
        return
    if target.scheme != "https":
        raise FetchRefused(f"{url!r} is not https, so the service account's token is not sent there")
    if (target.hostname, target.port or 443) != (cloud.hostname, cloud.port or 443):
        raise FetchRefused(
            f"the Systems URL points to {target.hostname!r}, but the Cloud URL is {cloud.hostname!r}: the token is not sent. "
            "If the first one is right, correct the Cloud URL in the task."
        )


def check_token_url(url: str, own_url: str) -> None:
    """Refuse to send the password over anything but https, except to our own address.

    Raises:
        FetchRefused: with what to mend.
    """
    target, own = _split(url), _split(own_url)
    is_own = (target.scheme, target.netloc.lower()) == (own.scheme, own.netloc.lower())
    if target.scheme != "https" and not is_own:
        raise FetchRefused(f"the Token URL {url!r} is not https, so the password is not sent there")


def next_url(url: str, link: str) -> str:
    """Where a page's link leads, absolute or not.

    Raises:
        FetchRefused: it is no address.
    """
    try:
        return urljoin(url, link)
    except ValueError as error:
        raise FetchRefused(f"{link!r} is not an address") from error


def users_url(url: str, system: str) -> str:
    """Where the users of one system are asked for (systrack.md 5.4); an id can lead to no other place."""
    return urljoin(url, f"/api/systems/{quote(system, safe='')}/users")


def _split(url: str) -> SplitResult:
    """The parts of an address. What two readers could read differently is refused: then the token might go where nobody looked.

    Raises:
        FetchRefused: it is no address, or carries a user name, a backslash, a space or a control character.
    """
    try:
        parts = urlsplit(url)
        readable = parts.port is None or parts.port > 0
    except ValueError as error:
        raise FetchRefused(f"{url!r} is not an address") from error
    if not readable or not parts.hostname or not url.isprintable() or " " in url or "\\" in url:
        raise FetchRefused(f"{url!r} is not an address")
    if "@" in parts.netloc:
        raise FetchRefused("the Systems URL carries a user name, which no address of this API does")
    return parts


def page_url(url: str, top: int, skip: int) -> str:
    """``url`` with ``$top`` and ``$skip``; what else it carries stays."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("$top", "$skip")
    ]
    query = urlencode([*kept, ("$top", str(top)), ("$skip", str(skip))], safe="$")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def sensor_names(value: object) -> list[str]:
    """The names as the event carried them: a JSON array, or one text separated by commas."""
    if isinstance(value, list):
        return [str(name) for name in value if str(name).strip()]
    return [part.strip() for part in str(value or "").split(",") if part.strip()]


def is_on(value: object) -> bool:
    """Whether a switch of a form is on."""
    return str(value).lower() in ("true", "yes", "1", "on")


def qualtrics_target(form: Mapping[str, Any]) -> Target | None:
    """The directory at Qualtrics that the task writes into; None: it writes into one of ours."""
    if form.get("directory_at") != "qualtrics":
        return None
    directory, list_id = (
        str(form.get(name) or "").strip() for name in ("qualtrics_directory", "qualtrics_list")
    )
    return Target(directory, list_id, is_on(form.get("create_contacts", "")))


def target_problems(target: Target) -> list[str]:
    """What is wrong with the ids as typed."""
    wanted = (
        ("Qualtrics Directory ID", "POOL_", target.directory),
        ("Qualtrics List ID", "CG_", target.list_id),
    )
    return [
        f"{label} is {prefix} and 15 letters or digits, as Qualtrics shows it under Qualtrics IDs"
        for label, prefix, text in wanted
        if not (text.startswith(prefix) and len(text) == len(prefix) + 15 and text[len(prefix) :].isalnum())
    ]


def as_text_patch(sensors: Iterable[str], at: str) -> dict[str, str]:
    """What is written on a contact at Qualtrics, where embedded data is text; the activation's id comes with the page."""
    return {"lastAlarm": ", ".join(sensors), "lastAlarmAt": at}
