"""The error body of our own APIs: RFC 9457, ``application/problem+json``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"
_RESERVED: Final = frozenset({"type", "title", "status", "detail", "instance"})


def problem_body(
    status: int,
    detail: str | None = None,
    *,
    title: str | None = None,
    type_uri: str = "about:blank",
    instance: str | None = None,
    **extensions: Any,
) -> dict[str, Any]:
    """The members of a problem, ready for a JSON encoder.

    ``title`` defaults to the status's own phrase, as RFC 9457 4.2.1 asks for ``about:blank``; ``extensions`` are
    members of your own (such as ``reason``), which must not repeat a standard name.
    """
    if clash := _RESERVED & extensions.keys():
        raise ValueError(f"not an extension member: {', '.join(sorted(clash))}")
    body: dict[str, Any] = {"type": type_uri, "title": title or _phrase(status), "status": status}
    if detail is not None:
        body["detail"] = detail
    if instance is not None:
        body["instance"] = instance
    return body | extensions


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
