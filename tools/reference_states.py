"""The states and reasons of the product with their definitions, read from where they stand: the comment beside each member."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from enum import StrEnum

from opulse.experience.distributions.models.states import (
    DistributionState,
    HoldReason,
    InvitationState,
    MailReason,
    SpareReason,
    WaitReason,
)
from opulse.experience.extensions.experience_id_change.models import NotAsked
from opulse.experience.extensions.json_event.models import EventRefusal
from opulse.experience.extensions.operational_pulse.models import ReachReason
from opulse.experience.prompts.models import PromptReason
from opulse.experience.responses.models import AccessReason, QuarantineReason, ResponseState
from opulse.experience.workflows.models import RunState, TaskState
from opulse.jobs.models import JobState
from opulse.monitoring.activations.models import DecisionReason, Resolution
from opulse.monitoring.deliveries.models import DeliveryReason, DeliveryState, NotSentAgainReason
from opulse.monitoring.notifications.models import ThresholdVerdict
from opulse.monitoring.recipients.models import DisabledReason, RecipientFault, RecipientState
from opulse.monitoring.sources.models import LeftReason
from opulse.outbound.models import AddressReason
from opulse.pulses.ledger.models import SENTENCES, LedgerState
from opulse.wire.affected import ActivationState
from opulse.wire.desktop_prompts import PromptOutcome
from opulse.wire.sensor_states import IgnoreReason, RefusalReason

STATES: Mapping[str, type[StrEnum]] = {
    kind.__name__: kind
    for kind in (
        AccessReason,
        ActivationState,
        AddressReason,
        DecisionReason,
        DeliveryReason,
        DeliveryState,
        DisabledReason,
        DistributionState,
        EventRefusal,
        HoldReason,
        IgnoreReason,
        InvitationState,
        JobState,
        LedgerState,
        LeftReason,
        MailReason,
        NotAsked,
        NotSentAgainReason,
        PromptOutcome,
        PromptReason,
        QuarantineReason,
        ReachReason,
        RecipientFault,
        RecipientState,
        RefusalReason,
        Resolution,
        ResponseState,
        RunState,
        SpareReason,
        TaskState,
        ThresholdVerdict,
        WaitReason,
    )
}
_NOQA = re.compile(r"no[q]a:[^#]*#?")


def states_of(name: str) -> Iterator[tuple[str, str]]:
    """(word, sentence) of each member; the ledger's are the sentences of its page."""
    kind = STATES[name]
    if kind is LedgerState:
        yield from ((f"`{state}`", SENTENCES[state]) for state in LedgerState)
        return
    comments = _comments(kind)
    for member in kind:
        text = comments[member.name]
        yield (
            (f"`{member.value}`" if member.value else "(empty)"),
            f"{text[0].upper()}{text[1:].rstrip('.')}.",
        )


def _comments(kind: type[StrEnum]) -> dict[str, str]:
    """Member → the comment on its lines, or the text below it."""
    source = textwrap.dedent(inspect.getsource(kind))
    on_line = {
        token.start[0]: _NOQA.sub("", token.string.lstrip("# ")).strip(" #")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    last = ""
    for statement in definition.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            last = statement.targets[0].id
            lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            beside = [on_line[line] for line in lines if on_line.get(line)]
            found[last] = " ".join(beside) or on_line.get(statement.lineno - 1, "")
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and last:
            found[last] = found[last] or str(statement.value.value)
    return found
