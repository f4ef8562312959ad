"""Embedded data of an export: what the flow of the survey has set beside the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opulse.experience.responses.models import Identity
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.models.steps import FieldSetting, SetFields, Step

_OF_THE_PERSON = ("${m://", "${e://")


def embedded_of(documents: Iterable[SurveyDocument], identity: Identity) -> tuple[str, ...]:
    """Names of the fields in the order in which they are first set.

    Where answers carry no names, only those whose value the author wrote: what a contact brought along could tell who it is.
    """
    settings = (one for document in documents for one in _settings(document.flow))
    return tuple(
        dict.fromkeys(one.name for one in settings if identity is Identity.NAMED or _tells_nobody(one))
    )


def _settings(flow: Iterable[Step]) -> Iterator[FieldSetting]:
    for step in flow:
        if isinstance(step, SetFields):
            yield from step.fields
        yield from _settings(getattr(step, "flow", ()))


def _tells_nobody(one: FieldSetting) -> bool:
    return one.value is not None and not any(pipe in one.value for pipe in _OF_THE_PERSON)
