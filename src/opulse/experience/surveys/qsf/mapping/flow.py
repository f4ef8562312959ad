"""The flow of a file as ours, and the order in which it meets the blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from opulse.experience.surveys.models import (
    BlockStep,
    Branch,
    EndOfSurvey,
    FieldSetting,
    Group,
    Randomizer,
    SetFields,
    Step,
)
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.mapping.conditions import convert
from opulse.experience.surveys.qsf.mapping.names import flow_id
from opulse.experience.surveys.qsf.mapping.options import NEVER
from opulse.experience.surveys.qsf.mapping.words import Account, Desk
from opulse.experience.surveys.qsf.models import FlowElement
from opulse.experience.surveys.rules.flows import is_safe_address

_MOST = 200
_UNKNOWN = {
    "WebService": "a call of a web service",
    "Authenticator": "an authenticator",
    "QuotaCheck": "a check of a quota",
    "ReferenceSurvey": "a survey inside this one",
    "SupplementalData": "supplemental data",
    "TableOfContents": "a table of contents",
    "Conjoint": "a conjoint",
}
_FLAGS = {"Screened": "screened", "QuotaMet": "quota"}


@dataclass(slots=True)
class _Way:
    """What is kept while the flow is read. ``pieces``: the file's block id → our blocks' ids."""

    pieces: Mapping[str, list[str]]
    desk: Desk
    notes: list[str]
    taken: set[str] = field(default_factory=set)


def map_flow(
    elements: tuple[FlowElement, ...], pieces: Mapping[str, list[str]], desk: Desk, notes: list[str]
) -> tuple[Step, ...]:
    """The steps; what has no counterpart is left and noted."""
    return tuple(_steps(elements, _Way(pieces, desk, notes)))


def blocks_met(steps: tuple[Step, ...]) -> list[str]:
    """Ids of the blocks in the order in which the flow names them, each once."""

    def walk(inner: tuple[Step, ...]) -> Iterator[str]:
        for step in inner:
            if isinstance(step, BlockStep):
                yield step.block
            elif isinstance(step, Branch | Randomizer | Group):
                yield from walk(step.flow)

    return list(dict.fromkeys(walk(steps)))


def _steps(elements: tuple[FlowElement, ...], way: _Way) -> Iterator[Step]:
    for element in elements[:_MOST]:
        if element.kind in ("Block", "Standard"):
            if element.block not in way.pieces:
                way.notes.append(
                    f"The flow names a block that the file does not have: {element.block or 'unnamed'}."
                )
            yield from (BlockStep(block=one) for one in way.pieces.get(element.block, ()))
        elif element.kind in _MAKERS:
            try:
                yield _MAKERS[element.kind](element, way)
            except ValidationError as error:
                fault = error.errors(include_url=False)[0]
                way.notes.append(f"Left out of the flow: {element.kind} {element.id} ({fault['msg']}).")
        else:
            what = _UNKNOWN.get(element.kind, f"a step of the kind {element.kind or 'unnamed'}")
            way.notes.append(f"Left out of the flow: {what} ({element.id}).")
            yield from _steps(element.children, way)
    if len(elements) > _MOST:
        way.notes.append(
            f"Left out of the flow: {len(elements) - _MOST} steps; one level of it holds {_MOST}."
        )


def _branch(element: FlowElement, way: _Way) -> Step:
    account = Account()
    desk = Desk(way.desk.survey, way.desk.names, account)
    when = convert(element.logic, desk, "its condition")
    name = loose.word(element.payload.get("Description"))
    called = f"Branch {element.id}"
    way.notes.extend(f"{called}: {one}." for one in account.differences)
    if when is None:
        way.notes.append(f"{called}: nothing of its condition can be judged, so nobody is led into it.")
    inner = tuple(_steps(element.children, way))
    return Branch(
        id=flow_id(element.id, way.taken),
        name="" if name == "New Branch" else name,
        when=when or NEVER,
        flow=inner,
    )


def _randomizer(element: FlowElement, way: _Way) -> Step:
    count = loose.whole(element.payload.get("SubSet"))
    inner = tuple(_steps(element.children, way))
    return Randomizer(
        id=flow_id(element.id, way.taken),
        show=count if count is not None and 1 <= count < max(1, len(inner)) else None,
        even=loose.truth(element.payload.get("EvenPresentation")),
        flow=inner,
    )


def _group(element: FlowElement, way: _Way) -> Step:
    name = loose.word(element.payload.get("Description"))
    name = "" if name == "Untitled Group" else name
    return Group(id=flow_id(element.id, way.taken), name=name, flow=tuple(_steps(element.children, way)))


def _fields(element: FlowElement, way: _Way) -> Step:
    sources = [loose.mapping(one) for one in loose.sequence(element.payload.get("EmbeddedData"))]
    found = [setting for one in sources[:_MOST] if (setting := _field(one, way)) is not None]
    return SetFields(id=flow_id(element.id, way.taken), fields=tuple(found))


def _field(source: Mapping[str, Any], way: _Way) -> FieldSetting | None:
    name = loose.word(source.get("Field")) or loose.word(source.get("Description"))
    given = loose.word(source.get("Type")) == "Recipient" or source.get("Value") is None
    value = None if given else way.desk.piped(loose.text(source.get("Value")))
    try:
        return FieldSetting(name=name, value=value)
    except ValidationError:
        way.notes.append(f"Embedded data cannot be called {name[:60]!r}, so it is not set.")
        return None


def _end(element: FlowElement, way: _Way) -> Step:
    options = loose.mapping(element.payload.get("Options"))
    kind = loose.word(options.get("SurveyTermination"))
    address = loose.word(options.get("EOSRedirectURL"))
    redirect = address if kind == "Redirect" and is_safe_address(address) else ""
    if kind == "Redirect" and not redirect:
        way.notes.append(
            f"End {element.id}: only https addresses are led to, not {address[:100] or 'an empty one'}."
        )
    if kind == "DisplayMessage":
        way.notes.append(f"End {element.id}: its message lies in the product's library; ours stands there.")
    return EndOfSurvey.model_validate(
        {
            "id": flow_id(element.id, way.taken),
            "redirect": redirect,
            "flag": _FLAGS.get(loose.word(options.get("ResponseFlag")), "complete"),
            "record": not loose.truth(options.get("IgnoreResponse")),
        }
    )


_MAKERS = {
    "Branch": _branch,
    "BlockRandomizer": _randomizer,
    "Group": _group,
    "EmbeddedData": _fields,
    "EndSurvey": _end,
}
