"""JSON fields of an event and the pipes that carry them into tasks."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from jsonpath import JSONPathError, compile

from opulse.templating.piped import EVENT, TASK, Slot, parse_piped
from opulse.templating.values import pipe_text

PATH_LENGTH = 300


def check_path(path: str) -> str:
    """The JSONPath in its full form; the guide writes it without the leading ``$.``, and both are taken.

    Raises:
        ValueError: it is none.
    """
    full = _full(path)
    if len(full) > PATH_LENGTH:
        raise ValueError(f"a JSON path has at most {PATH_LENGTH} characters")
    try:
        compile(full)
    except JSONPathError as error:
        raise ValueError(f"{path!r} is not a JSON path: {error}") from error
    return full


def pick_value(document: Any, path: str) -> Any:
    """What the path finds: the value of one match, a list of several, None of none."""
    found = [match.obj for match in compile(_full(path)).finditer(document)]
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def resolve(value: Any, event: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    """A task's form value with the event's and earlier tasks' values in place of their pipes.

    A text that is one pipe and nothing else becomes the raw value (a list stays a list); pipes of other sources (contact, survey
    link) stay as they were written, for whoever fills them per person.
    """
    if isinstance(value, list):
        return [resolve(one, event, outputs) for one in value]
    if isinstance(value, dict):
        return {name: resolve(one, event, outputs) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    piped = parse_piped(value)
    if piped.only_slot is not None and piped.only_slot.source in (EVENT, TASK):
        found = _value_of(piped.only_slot, event, outputs)
        return "" if found is None else found
    return piped.fill(lambda slot: _text_of(slot, event, outputs))


class Escape(StrEnum):
    """Where a pipe's value is put, so that it cannot end the place where it stands."""

    URL = "url"  # part of an address: percent-encoded; a pipe that is the whole address is taken as it is
    JSON = "json"  # within quotes: escaped; elsewhere: the value as JSON
    XML = "xml"  # text or an attribute's value


def resolve_form(
    form: Mapping[str, Any],
    escapes: Mapping[str, Escape],
    event: Mapping[str, Any],
    outputs: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """:func:`resolve` for a form, with the values escaped where they stand."""
    return {
        name: _escaped(value, escapes[name], event, outputs)
        if name in escapes and isinstance(value, str)
        else resolve(value, event, outputs)
        for name, value in form.items()
    }


def _escaped(
    text: str, escape: Escape, event: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]
) -> str:
    piped = parse_piped(text)
    if escape is Escape.URL and piped.only_slot is not None:
        return pipe_text(resolve(text, event, outputs))
    parts = [piped.literals[0]]
    quoted = _ends_quoted(piped.literals[0], False)
    for slot, literal in zip(piped.slots, piped.literals[1:], strict=True):
        value = _value_of(slot, event, outputs) if slot.source in (EVENT, TASK) else slot.written
        parts += [_written(value, escape, quoted), literal]
        quoted = _ends_quoted(literal, quoted)
    return "".join(parts)


def _written(value: Any, escape: Escape, quoted: bool) -> str:
    if escape is Escape.URL:
        return quote(pipe_text(value), safe="")
    if escape is Escape.XML:
        return html.escape(pipe_text(value))
    return json.dumps(pipe_text(value), ensure_ascii=False)[1:-1] if quoted else json.dumps(value)


def _ends_quoted(literal: str, quoted: bool) -> bool:
    """Whether a JSON text stands within quotes at the end of ``literal``."""
    escaped = False
    for mark in literal:
        if mark == '"' and not escaped:
            quoted = not quoted
        escaped = mark == "\\" and not escaped
    return quoted


def _text_of(slot: Slot, event: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> str:
    if slot.source not in (EVENT, TASK):
        return slot.written
    return pipe_text(_value_of(slot, event, outputs))


def _value_of(slot: Slot, event: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    if slot.source == EVENT:
        name = slot.path.removeprefix("Field/")
        return event.get("fields", {}).get(name)
    task, _, name = slot.path.partition("/")
    return outputs.get(task, {}).get(name)


def _full(path: str) -> str:
    path = path.strip()
    if path.startswith("$"):
        return path
    return f"${path}" if path.startswith("[") else f"$.{path}"
