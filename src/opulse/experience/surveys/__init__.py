"""Surveys: typed documents with versions and translations.

In comes a document (from the builder, the API or :func:`.recommended.recommended_pulse`); out goes a published, immutable
version that distributions ask with and responses are validated by (:func:`.flow.get_published_in`). No jobs are announced.
"""

from opulse.experience.surveys.models import LocalisedSurvey, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import (
    first_question_in_mail,
    localise,
    shown_questions,
    validate_answers,
    validate_document,
)

__all__ = [
    "LocalisedSurvey",
    "SurveyDocument",
    "first_question_in_mail",
    "localise",
    "recommended_pulse",
    "shown_questions",
    "validate_answers",
    "validate_document",
]
