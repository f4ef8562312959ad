"""Reading an affected-systems page: our own form at full speed, and the forms that other servers may answer.

Our form is decoded straight into structs (a page of 1,000 systems in about 2 ms). Whatever does not fit it exactly is
read once more with patience: a bare array, ``{"value": []}`` or ``{"items": []}``, keys in any case, ``wguid``,
``sysGuid`` or ``id`` for the system, ``name``, and ``userEmail`` or ``emailAddress`` for a person. A row without an id
is skipped and reported, never fatal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from opulse.wire.affected import AffectedPage, AffectedSensor, AffectedSystem, AffectedUser
from opulse.wire.errors import CutShort, UnreadableBody, broke_off

_EXACT: Final = msgspec.json.Decoder(AffectedPage)
_EXACT_USERS: Final = msgspec.json.Decoder(list[AffectedUser])

_ROWS: Final = ("systems", "value", "items", "data", "results")
_NEXT: Final = ("nextlink", "@odata.nextlink", "@nextlink", "next")
_TOTAL: Final = ("totalcount", "@odata.count", "total", "count")
_SYSTEM_ID: Final = ("systemid", "wguid", "sysguid", "id", "guid")
_SYSTEM_NAME: Final = ("systemname", "name", "computername", "hostname")
_EMAIL: Final = ("email", "useremail", "emailaddress", "mail")
_USER_ID: Final = ("userid", "username", "id", "name", "user")
_USER_LISTS: Final = ("users", "value", "items")

_Row = dict[str, Any]


class PageRead(NamedTuple):
    """A page, and the positions of the rows in it that could not be read (their systems stay unknown to us)."""

    page: AffectedPage
    unreadable: tuple[int, ...]


def decode_page(body: bytes) -> PageRead:
    """Read one page. Raises ``UnreadableBody`` when it is no JSON or holds no list of systems, its kind
    ``CutShort`` when it began as JSON and broke off.
    """
    try:
        return PageRead(_EXACT.decode(body), ())
    except (msgspec.ValidationError, RecursionError):
        return _read_patiently(_json(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_json(body, "the affected-systems answer") from error


def decode_users(body: bytes) -> list[AffectedUser]:
    """Read the answer of ``/api/systems/{systemId}/users``: an array of users, bare or under ``users``, ``value`` or
    ``items``.
    """
    try:
        return _EXACT_USERS.decode(body)
    except msgspec.ValidationError:
        document = _json(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_json(body, "the users answer") from error
    rows = document if isinstance(document, list) else _first(_lowered(document), _USER_LISTS)
    if not isinstance(rows, list):
        raise UnreadableBody("the users answer holds no list of users")
    return list(_users(rows))


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_json(body, "the answer") from error


def _no_json(body: bytes, what: str) -> UnreadableBody:
    return CutShort(f"{what} broke off") if broke_off(body) else UnreadableBody(f"{what} is not JSON")


def _read_patiently(document: Any) -> PageRead:
    envelope = _lowered(document)
    rows = document if isinstance(document, list) else _first(envelope, _ROWS)
    if not isinstance(rows, list):
        raise UnreadableBody("the affected-systems answer holds no list of systems")
    read = [_system(row) for row in rows]
    page = AffectedPage(
        notification_activation_id=_text(_first(envelope, ("notificationactivationid", "activationid"))),
        as_of=_text(envelope.get("asof")),
        state=_text(envelope.get("state")),
        total_count=_count(_first(envelope, _TOTAL)),
        systems=[system for system in read if system is not None],
        next_link=_text(_first(envelope, _NEXT)),
    )
    return PageRead(page, tuple(position for position, system in enumerate(read) if system is None))


def _system(row: object) -> AffectedSystem | None:
    fields = {"systemid": row} if isinstance(row, str) else _lowered(row)
    system_id = _text(_first(fields, _SYSTEM_ID))
    if system_id is None:
        return None
    return AffectedSystem(
        system_id=system_id,
        system_name=_text(_first(fields, _SYSTEM_NAME)),
        fqdn=_text(fields.get("fqdn")),
        domain=_text(fields.get("domain")),
        operating_system=_text(_first(fields, ("operatingsystem", "os"))),
        agent_version=_text(fields.get("agentversion")),
        last_connect=_text(fields.get("lastconnect")),
        users=_users_of(fields),
        sensors=list(_sensors(fields.get("sensors"))),
    )


def _users_of(fields: _Row) -> list[AffectedUser] | None:
    """The list of users; else the one person whose address stands on the system itself; else nothing is said."""
    rows = fields.get("users")
    if isinstance(rows, list):
        return list(_users(rows))
    if _text(_first(fields, _EMAIL)) is None:
        return None
    of_system = {"id", "name", *_SYSTEM_ID, *_SYSTEM_NAME}
    of_user = {key: value for key, value in fields.items() if key not in of_system}
    # the one person that the system names is its primary user: nothing else says that they are on it
    return list(_users([{"isprimary": True, **of_user}]))


def _users(rows: list[Any]) -> Iterator[AffectedUser]:
    for row in rows:
        fields = {"email": row} if isinstance(row, str) else _lowered(row)
        email = _text(_first(fields, _EMAIL))
        user_id = _text(_first(fields, _USER_ID)) or email
        if user_id is not None:
            yield AffectedUser(
                user_id=user_id,
                email=email,
                first_name=_text(fields.get("firstname")),
                last_name=_text(fields.get("lastname")),
                is_primary=_flag(fields.get("isprimary")),
                is_logged_on=_flag(fields.get("isloggedon")),
                last_logon=_text(fields.get("lastlogon")),
            )


def _sensors(rows: object) -> Iterator[AffectedSensor]:
    for row in rows if isinstance(rows, list) else ():
        fields = {"name": row} if isinstance(row, str) else _lowered(row)
        name = _text(_first(fields, ("name", "sensorname")))
        if name is not None:
            yield AffectedSensor(name, _text(fields.get("instance")), _text(fields.get("activatedat")))


def _lowered(row: object) -> _Row:
    return {key.lower(): value for key, value in row.items()} if isinstance(row, dict) else {}


def _first(fields: _Row, keys: tuple[str, ...]) -> Any:
    """The first of these keys that says something."""
    return next((fields[key] for key in keys if fields.get(key) not in (None, "")), None)


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _count(value: object) -> int | None:
    text = _text(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _flag(value: object) -> bool:
    return (
        value is True
        or value == 1
        or (isinstance(value, str) and value.strip().lower() in ("true", "1", "yes"))
    )
