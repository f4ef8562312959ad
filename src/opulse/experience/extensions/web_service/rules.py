"""A form becomes a request, an answer becomes outputs. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from opulse.experience.extensions.web_service.models import (
    CONTENT_TYPES,
    METHODS,
    BodyType,
    Call,
    CallRefused,
    WebAuth,
)
from opulse.experience.workflows.rules.fields import check_path, pick_value
from opulse.templating.piped import parse_piped
from opulse.templating.values import pipe_text

BODY_MOST = 100_000
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = {"host", "content-length", "transfer-encoding", "connection", "authorization"}


def check_form(form: Mapping[str, Any]) -> list[str]:
    """What can be said of the form before it runs."""
    problems = []
    if str(form.get("method") or "POST") not in METHODS:
        problems.append(f"Method is one of: {', '.join(METHODS)}")
    if str(form.get("body_type") or "none") not in set(BodyType):
        problems.append(f"Body is one of: {', '.join(BodyType)}")
    if str(form.get("authentication") or "none") not in set(WebAuth):
        problems.append(f"Authentication is one of: {', '.join(WebAuth)}")
    url = str(form.get("url") or "")
    if not parse_piped(url).slots and not url.startswith(("https://", "http://")):
        problems.append("URL begins with https://")
    for name in form.get("headers") or {}:
        if not _HEADER.fullmatch(str(name)) or str(name).lower() in _OURS:
            problems.append(f"Headers: {name} cannot be set here")
    for row in form.get("response_fields") or []:
        try:
            check_path(str(row.get("path") or ""))
        except ValueError as error:
            problems.append(f"Fields of the answer: {error}")
    if form.get("body_type") == BodyType.JSON and not parse_piped(str(form.get("body") or "")).slots:
        problems += _check_json(str(form.get("body") or ""))
    return problems


def build_call(form: Mapping[str, Any]) -> Call:
    """The request that the filled form asks for.

    Raises:
        CallRefused: a header has a line break, the JSON is none, or the body is too large.
    """
    kind = BodyType(str(form.get("body_type") or "none"))
    body = str(form.get("body") or "")
    if kind is BodyType.FORM:
        pairs = form.get("parameters") or {}
        content = urlencode([(str(name), pipe_text(value)) for name, value in pairs.items()]).encode()
    elif kind is BodyType.NONE:
        content = b""
    else:
        if kind is BodyType.JSON and (problems := _check_json(body)):
            raise CallRefused(problems[0])
        content = body.encode()
    if len(content) > BODY_MOST:
        raise CallRefused(f"the body has more than {BODY_MOST} bytes")
    headers = {str(name): pipe_text(value) for name, value in (form.get("headers") or {}).items()}
    for name, value in headers.items():
        if any(ord(mark) < 32 or ord(mark) > 255 for mark in value):
            raise CallRefused(
                f"the header {name} holds a line break or a character that headers cannot carry"
            )
    if kind in CONTENT_TYPES and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = CONTENT_TYPES[kind]
    return Call(str(form.get("method") or "POST"), str(form["url"]).strip(), headers, content)


def read_answer(status: int, body: bytes, wanted: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The outputs: ``status``, and each wanted field of a JSON answer; a field that it lacks is empty."""
    output: dict[str, Any] = {"status": status}
    if not wanted:
        return output
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    for row in wanted:
        output[str(row["name"])] = None if document is None else pick_value(document, str(row["path"]))
    return output


def _check_json(text: str) -> list[str]:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return [f"Body text is no JSON: {error}"]
    return []
