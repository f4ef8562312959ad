"""Decisions about survey documents and answers: pure, data in and decision with reason out."""

from opulse.experience.surveys.rules.answers import form_of, validate_answers
from opulse.experience.surveys.rules.chosen import CELL_LENGTH, CHOICE_TEXT_LENGTH
from opulse.experience.surveys.rules.display import newly_shown, shown_questions
from opulse.experience.surveys.rules.documents import validate_document
from opulse.experience.surveys.rules.entered import skip_key
from opulse.experience.surveys.rules.fields import Form
from opulse.experience.surveys.rules.flows import is_safe_address
from opulse.experience.surveys.rules.keys import (
    answer_keys,
    choice_lists,
    drill_options,
    is_answerable,
    name_of_part,
)
from opulse.experience.surveys.rules.language import (
    direction_of,
    localise,
    normal_language,
    resolve_language,
)
from opulse.experience.surveys.rules.mail import (
    HIDDEN,
    MailChoice,
    MailQuestion,
    first_question_in_mail,
    preselected_form,
)
from opulse.experience.surveys.rules.paging import embedded_names, is_walked
from opulse.experience.surveys.rules.texts import missing_translations, text_keys, with_texts

__all__ = [
    "CELL_LENGTH",
    "CHOICE_TEXT_LENGTH",
    "HIDDEN",
    "Form",
    "MailChoice",
    "MailQuestion",
    "answer_keys",
    "choice_lists",
    "direction_of",
    "drill_options",
    "embedded_names",
    "first_question_in_mail",
    "form_of",
    "is_answerable",
    "is_safe_address",
    "is_walked",
    "localise",
    "missing_translations",
    "name_of_part",
    "newly_shown",
    "normal_language",
    "preselected_form",
    "resolve_language",
    "shown_questions",
    "skip_key",
    "text_keys",
    "validate_answers",
    "validate_document",
    "with_texts",
]
