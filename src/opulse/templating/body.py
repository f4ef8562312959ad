"""Rendering and checking a webhook body: ``@{name}``, one pass, into bytes that are sent the same on every attempt."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opulse.templating.variables import (
    NOTIFICATION_VARIABLES,
    VariableKind,
    VariableValue,
    VariableValues,
    sample_values,
)

MAX_TEMPLATE_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 256 * 1024

_VARIABLE: Final = re.compile(r"@\{([A-Za-z][A-Za-z0-9]*)\}")
_OPENING: Final = "@{"


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """The bytes to sign and send, and the names that were left in the text because nothing is known by them."""

    body: bytes
    unknown: tuple[str, ...]


class TemplateFault(StrEnum):
    """Why a template is refused on save."""

    UNKNOWN_VARIABLE = "unknown_variable"  # there is no variable of that name
    MALFORMED_VARIABLE = "malformed_variable"  # an opening @{ that no name and } follow
    NOT_JSON = "not_json"  # rendered with sample values it is not JSON
    TEMPLATE_TOO_LARGE = "template_too_large"  # above MAX_TEMPLATE_BYTES


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One fault. ``line`` and ``column`` count from 1 in the template (for ``NOT_JSON``: in the rendered sample)."""

    fault: TemplateFault
    line: int
    column: int
    detail: str
    """The variable's name, or what the JSON reader said."""


class BodyTooLarge(ValueError):
    """A rendered body above ``MAX_BODY_BYTES``."""


def render_body(
    template: str, values: VariableValues, variables: Mapping[str, VariableKind] = NOTIFICATION_VARIABLES
) -> RenderedBody:
    """Fill the template once; line breaks stay byte for byte, UTF-8 without BOM.

    A name that is not in ``variables`` or has no value stays as it stands and is reported. Raises ``BodyTooLarge``, and
    ``TypeError`` or ``ValueError`` when a value is not of its variable's kind.
    """
    unknown: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables or name not in values:
            unknown[name] = None
            return match[0]
        return _written(variables[name], values[name])

    body = _VARIABLE.sub(replace, template).encode("utf-8", "replace")
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"the body has {len(body)} bytes; at most {MAX_BODY_BYTES} are sent")
    return RenderedBody(body, tuple(unknown))


def validate_template(
    template: str, variables: Mapping[str, VariableKind] = NOTIFICATION_VARIABLES
) -> list[TemplateProblem]:
    """Every fault that makes the template unfit to save; an empty list means it may be saved.

    A template is not JSON by itself (``[@{sensorNames}]``), so it is rendered with two sets of sample values and parsed.
    """
    if len(template.encode("utf-8", "replace")) > MAX_TEMPLATE_BYTES:
        detail = f"a template has at most {MAX_TEMPLATE_BYTES} bytes"
        return [TemplateProblem(TemplateFault.TEMPLATE_TOO_LARGE, 1, 1, detail)]
    return _name_problems(template, variables) or _json_problems(template, variables)


def _written(kind: VariableKind, value: VariableValue) -> str:
    match kind:
        case VariableKind.TEXT if isinstance(value, str):
            return _escaped(value)
        case VariableKind.BOOLEAN if isinstance(value, bool):
            return "true" if value else "false"
        case VariableKind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(value)
        case VariableKind.QUOTED_LIST if not isinstance(value, str | int | float):
            return ",".join(f'"{_escaped(name)}"' for name in value)
        case VariableKind.JOINED_LIST if not isinstance(value, str | int | float):
            return _escaped(",".join(value))
        case _:
            raise TypeError(f"a {kind.value} variable cannot hold a {type(value).__name__}")


def _escaped(text: str) -> str:
    """As the inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("a number variable is finite")
    return str(int(value)) if value == int(value) else repr(value)


def _name_problems(template: str, variables: Mapping[str, VariableKind]) -> list[TemplateProblem]:
    problems = []
    at = template.find(_OPENING)
    while at >= 0:
        match = _VARIABLE.match(template, at)
        if match is None:
            detail = template[at : at + 40].splitlines()[0]
            problems.append(_problem(TemplateFault.MALFORMED_VARIABLE, template, at, detail))
        elif match[1] not in variables:
            problems.append(_problem(TemplateFault.UNKNOWN_VARIABLE, template, at, match[1]))
        at = template.find(_OPENING, at + 2)
    return problems


def _json_problems(template: str, variables: Mapping[str, VariableKind]) -> list[TemplateProblem]:
    for values in sample_values(variables):
        try:
            sample = render_body(template, values, variables).body.decode()
            json.loads(sample, parse_constant=_no_constant)
        except BodyTooLarge as error:
            return [TemplateProblem(TemplateFault.TEMPLATE_TOO_LARGE, 1, 1, str(error))]
        except json.JSONDecodeError as error:
            return [TemplateProblem(TemplateFault.NOT_JSON, error.lineno, error.colno, error.msg)]
        except RecursionError:
            return [TemplateProblem(TemplateFault.NOT_JSON, 1, 1, "nested too deeply")]
    return []


def _no_constant(name: str) -> None:
    """Python's reader takes ``NaN`` and ``Infinity``, which are not JSON."""
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _problem(fault: TemplateFault, template: str, at: int, detail: str) -> TemplateProblem:
    before = template[:at]
    return TemplateProblem(fault, before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, detail)
