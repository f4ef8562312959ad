"""The product's envelope, its pages and its three spellings of a contact."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from opulse.emulators.qualtrics.models import Contact, Refused

_PHRASES: Final = {
    503: "Temporary Internal Server Error",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
}
_MOST_ON_A_PAGE: Final = 1000


def success(result: Any = None, status: int = 200) -> Response:
    """An answer; without a result only ``meta``."""
    body: dict[str, Any] = {} if result is None else {"result": result}
    body["meta"] = {"httpStatus": _phrase(status), "requestId": str(uuid.uuid4())}
    return reply(body, status)


def reply(body: Any, status: int = 200) -> Response:
    """A body as it is, with the content type that clients compare."""
    return Response(
        msgspec.json.encode(body),
        status,
        headers={"content-type": "application/json", "x-frame-options": "DENY"},
    )


def error_body(status: int, message: str, code: str = "") -> bytes:
    """The error envelope."""
    error = {"errorMessage": message} | ({"errorCode": code} if code else {})
    if status >= 500:
        error["instanceId"] = str(uuid.uuid4())
    meta = {"httpStatus": _phrase(status), "requestId": str(uuid.uuid4()), "error": error}
    return msgspec.json.encode({"meta": meta})


def page(request: Request, base: str, elements: Sequence[Any]) -> tuple[Sequence[Any], str | None]:
    """The part that was asked for and the address of the next; ``skipToken`` is the offset in base64."""
    size = _number(request.query_params.get("pageSize", "100"))
    start = _offset(request.query_params.get("skipToken", ""))
    if not 1 <= size <= _MOST_ON_A_PAGE:
        raise Refused(400, "Missing or invalid parameter: pageSize.", "BR_2")
    end = start + size
    if end >= len(elements):
        return elements[start:], None
    query = [(k, v) for k, v in parse_qsl(request.url.query, keep_blank_values=True) if k != "skipToken"]
    token = base64.b64encode(str(end).encode()).decode()
    return elements[start:end], f"{base}{request.url.path}?{urlencode([*query, ('skipToken', token)])}"


def page_by_offset(request: Request, base: str, elements: Sequence[Any]) -> tuple[Sequence[Any], str | None]:
    """As :func:`page`, in the older form: ``offset`` is the number of elements passed over."""
    size, start = 100, _number(request.query_params.get("offset", "0"))
    if start < 0:
        raise Refused(400, "Missing or invalid parameter: offset.", "BR_2")
    if start + size >= len(elements):
        return elements[start:], None
    query = [(k, v) for k, v in parse_qsl(request.url.query, keep_blank_values=True) if k != "offset"]
    follow = urlencode([*query, ("offset", str(start + size))])
    return elements[start : start + size], f"{base}{request.url.path}?{follow}"


def as_listed(contact: Contact, *, embedded: bool) -> dict[str, Any]:
    """A contact in a list."""
    row = {
        "contactId": contact.id,
        "firstName": contact.first_name or None,
        "lastName": contact.last_name or None,
        "email": contact.email or None,
        "phone": contact.phone or None,
        "extRef": contact.ext_ref or None,
        "language": contact.language or None,
        "unsubscribed": contact.unsubscribed,
    }
    return row | ({"embeddedData": dict(contact.embedded)} if embedded else {})


def as_found(contact: Contact, *, embedded: bool) -> dict[str, Any]:
    """A contact in a search: other names than in a list."""
    return {
        "id": contact.id,
        "creationDate": iso(contact.created_at),
        "lastModified": iso(contact.modified_at),
        "firstName": contact.first_name or None,
        "lastName": contact.last_name or None,
        "email": contact.email or None,
        "phoneNumber": contact.phone or None,
        "externalDataReference": contact.ext_ref or None,
        "language": contact.language or None,
        "unsubscribed": contact.unsubscribed,
        "unsubscribeDate": None,
        "stats": {},
        "embeddedData": dict(contact.embedded) if embedded else {},
        "segmentMembership": {},
    }


def as_single(contact: Contact, names: dict[str, str], owner: str) -> dict[str, Any]:
    """One contact by itself. ``names``: of the mailing lists."""
    membership = {
        list_id: {
            "contactLookupId": lookup,
            "name": names[list_id],
            "unsubscribed": False,
            "unsubscribeDate": None,
            "ownerId": owner,
        }
        for list_id, lookup in contact.lookups.items()
    }
    return {
        "contactId": contact.id,
        "creationDate": milliseconds(contact.created_at),
        "lastModified": milliseconds(contact.modified_at),
        "firstName": contact.first_name or None,
        "lastName": contact.last_name or None,
        "email": contact.email or None,
        "emailDomain": contact.email.partition("@")[2] or None,
        "phone": contact.phone or None,
        "extRef": contact.ext_ref or None,
        "embeddedData": dict(contact.embedded),
        "language": contact.language or None,
        "skipped": False,
        "directoryUnsubscribed": contact.unsubscribed,
        "directoryUnsubscribeDate": None,
        "stats": {},
        "segmentMembership": {},
        "mailingListMembership": membership,
    }


def milliseconds(when: datetime) -> int:
    """How the product writes some of its dates."""
    return int(when.timestamp() * 1000)


def iso(when: datetime) -> str:
    """How it writes most of its dates."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _phrase(status: int) -> str:
    return f"{status} - {_PHRASES.get(status) or HTTPStatus(status).phrase}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else -1


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        offset = _number(base64.b64decode(token, validate=True).decode())
    except ValueError:
        offset = -1
    if offset < 0:
        raise Refused(400, "Missing or invalid parameter: skipToken.", "BR_2")
    return offset
