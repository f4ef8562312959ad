"""What a webhook's templates are filled with, and whether they and the values of its own can be saved (systrack.md 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from opulse.monitoring.recipients.models import RecipientFault, RecipientProblem, Webhook
from opulse.templating.body import TemplateFault, TemplateProblem, validate_template
from opulse.templating.variables import NOTIFICATION_VARIABLES, VariableKind, VariableValues

MAX_VALUES: Final = 20
MAX_VALUE: Final = 4_000
MASK: Final = "••••"

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_TAKEN: Final = frozenset(name.lower() for name in NOTIFICATION_VARIABLES)


def variables_of(webhook: Webhook) -> dict[str, VariableKind]:
    """Every name that its templates may write: the product's and the recipient's own, which are texts."""
    return {**NOTIFICATION_VARIABLES, **{value.name: VariableKind.TEXT for value in webhook.values}}


def fill_in(webhook: Webhook, values: VariableValues) -> VariableValues:
    """``values`` with the recipient's own, in the clear."""
    return {**values, **{value.name: value.value or "" for value in webhook.values}}


def mask_values(webhook: Webhook, text: str) -> str:
    """``text`` without the sensitive values: for what people read, as a receiver may send back what it got."""
    for value in webhook.values:
        if value.sensitive and value.value:
            text = text.replace(value.value, MASK)
    return text


def check_bodies(webhook: Webhook) -> Iterator[RecipientProblem]:
    """Both templates, and the values that only this recipient has."""
    yield from _check_values(webhook)
    variables = variables_of(webhook)
    yield from _check_template("body", "Body", webhook.body, variables)
    if webhook.end_body.strip():
        yield from _check_template("end_body", "Body at the end", webhook.end_body, variables)


def _check_values(webhook: Webhook) -> Iterator[RecipientProblem]:
    if len(webhook.values) > MAX_VALUES:
        text = f"A webhook holds at most {MAX_VALUES} values; {len(webhook.values)} are added."
        yield RecipientProblem("values", RecipientFault.TOO_MANY_VALUES, text)
    seen: set[str] = set()
    for value in webhook.values:
        key = value.name.lower()
        if not _NAME.fullmatch(value.name):
            text = (
                f"{value.name!r} cannot be written as @{{name}}: it needs letters and digits, a letter first."
            )
            yield RecipientProblem("values", RecipientFault.VALUE_NAME, text)
        elif key in _TAKEN:
            text = f"There is a variable {value.name} already; give yours another name."
            yield RecipientProblem("values", RecipientFault.VALUE_NAME, text)
        elif key in seen:
            text = f"The value {value.name} is added twice."
            yield RecipientProblem("values", RecipientFault.VALUE_REPEATED, text)
        if not value.value or len(value.value) > MAX_VALUE:
            text = f"Enter the value of {value.name}, at most {MAX_VALUE:,} characters."
            yield RecipientProblem("values", RecipientFault.VALUE_MISSING, text)
        seen.add(key)


def _check_template(
    field: str, title: str, template: str, variables: Mapping[str, VariableKind]
) -> Iterator[RecipientProblem]:
    for problem in validate_template(template, variables):
        yield RecipientProblem(field, RecipientFault.BODY_INVALID, _write_problem(title, problem))


def _write_problem(title: str, problem: TemplateProblem) -> str:
    place = f"line {problem.line}, column {problem.column}"
    match problem.fault:
        case TemplateFault.UNKNOWN_VARIABLE:
            return f"{title}, {place}: there is no variable @{{{problem.detail}}}."
        case TemplateFault.MALFORMED_VARIABLE:
            return f"{title}, {place}: a variable is written @{{name}}, not {problem.detail!r}."
        case TemplateFault.NOT_JSON:
            return f"{title}: with sample values it is not JSON ({problem.detail}, {place})."
        case TemplateFault.TEMPLATE_TOO_LARGE:
            return f"{title}: {problem.detail}."
