"""The envelope of the Qualtrics-shaped API: ``{"result": ..., "meta": {"httpStatus": "200 - OK", "requestId": ...}}``.

Clients compare the literal ``httpStatus`` strings, so they are spelled here once, as recorded answers spell them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

_STATUS_TEXT: Final = {
    200: "200 - OK",
    202: "202 - Accepted",
    400: "400 - Bad Request",
    401: "401 - Unauthorized",
    403: "403 - Forbidden",
    404: "404 - Not Found",
    409: "409 - Conflict",
    413: "413 - Request Entity Too Large",
    429: "429 - Too Many Requests",
    500: "500 - Internal Server Error",
    503: "503 - Temporary Internal Server Error",
    504: "504 - Gateway Timeout",
}


def http_status_text(status: int) -> str:
    """The literal of ``meta.httpStatus``; raises ``KeyError`` for a status that this API never answers."""
    return _STATUS_TEXT[status]


def result_envelope(result: Any, request_id: str, status: int = 200) -> dict[str, Any]:
    """A success with something to return."""
    return {"result": result, "meta": _meta(status, request_id)}


def empty_envelope(request_id: str, status: int = 200) -> dict[str, Any]:
    """A success with nothing to return: ``meta`` alone (PUT and DELETE answer 200 with this, never 204)."""
    return {"meta": _meta(status, request_id)}


def page_envelope(elements: Sequence[Any], next_page: str | None, request_id: str) -> dict[str, Any]:
    """One page of a list; ``next_page`` is an absolute URL, or ``None`` on the last page, where the key stays present."""
    return result_envelope({"elements": list(elements), "nextPage": next_page}, request_id)


def error_envelope(
    status: int, message: str, request_id: str | None, code: str | None = None
) -> dict[str, Any]:
    """A refusal: no ``result``; ``code`` such as ``ESSG_2``; a 5xx carries an ``instanceId`` to quote to support."""
    error: dict[str, Any] = {"errorMessage": message}
    if code is not None:
        error["errorCode"] = code
    if status >= 500 and request_id is not None:
        error["instanceId"] = request_id
    return {"meta": _meta(status, request_id) | {"error": error}}


def _meta(status: int, request_id: str | None) -> dict[str, Any]:
    return {"httpStatus": http_status_text(status), "requestId": request_id}
