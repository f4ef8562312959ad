"""One of our questions as the payload of an ``SQ`` element, in the keys and the order that files of the product have."""

from __future__ import annotations

from opulse.experience.surveys.models import Question
from opulse.experience.surveys.qsf.html import written
from opulse.experience.surveys.qsf.mapping.words import NOTE_CLASS
from opulse.experience.surveys.qsf.writing.choosing import write_chosen
from opulse.experience.surveys.qsf.writing.entering import write_entered
from opulse.experience.surveys.qsf.writing.logic import Json, Known, write_logic
from opulse.experience.surveys.qsf.writing.parts import described, settings


def write_question(question: Question, known: Known) -> Json:
    """The payload of a question."""
    own = write_chosen(question, known) or write_entered(question, known)
    checks = {**settings(question), **own.pop("Settings", {})}
    if question.check is not None:
        logic = write_logic(question.check.must_hold, known)
        message = {
            "messageID": None,
            "subMessageID": "VE_FORCE_RESPONSE",
            "text": written(question.check.message),
        }
        checks |= {"Type": "CustomValidation", "CustomValidation": {"Logic": logic, "Message": message}}
    note = f'<div class="{NOTE_CLASS}">{written(question.note)}</div>' if question.note else ""
    payload: Json = {
        "QuestionText": written(question.text) + note,
        "DefaultChoices": False,
        "DataExportTag": question.export_tag or question.id,
        "QuestionID": question.id,
        **{key: own.pop(key) for key in ("QuestionType", "Selector", "SubSelector") if key in own},
        "DataVisibility": {"Private": False, "Hidden": False},
        "Configuration": {
            "QuestionDescriptionOption": "SpecifyLabel" if question.label else "UseText",
            **own.pop("Configuration", {}),
        },
        "QuestionDescription": written(question.label) if question.label else described(question.text),
        **own,
        "Validation": {"Settings": checks},
        "GradingData": [],
        "Language": [],
        "NextChoiceId": _next(own.get("Choices")),
        "NextAnswerId": _next(own.get("Answers")),
    }
    if question.display is not None:
        payload["DisplayLogic"] = write_logic(question.display, known)
    return payload


def _next(options: object) -> int:
    """One more than the highest number in use."""
    names = options if isinstance(options, dict) else {}
    return max((int(name) for name in names if str(name).isdigit()), default=0) + 1
