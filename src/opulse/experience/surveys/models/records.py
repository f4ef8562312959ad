"""A survey and its versions as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opulse.experience.surveys.models.document import SurveyDocument, SurveyState, VersionState


@dataclass(frozen=True, slots=True)
class SurveyVersion:
    """One version of a survey's document; ``number`` counts from 1."""

    number: int
    state: VersionState
    document: SurveyDocument
    created_by: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class SurveyRecord:
    """A survey: its name, where it stands and which version people are asked with (0: none yet)."""

    tenant: int
    id: str
    name: str
    state: SurveyState
    published: int
    newest: int
    created_at: datetime
    updated_at: datetime
