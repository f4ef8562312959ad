"""One question of a file as one of ours, with its outcome and the reason in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import ValidationError

from opulse.experience.surveys.models import Question
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.html import plain
from opulse.experience.surveys.qsf.logic import read_logic
from opulse.experience.surveys.qsf.mapping.carried import is_carried
from opulse.experience.surveys.qsf.mapping.choosing import (
    LeftOut,
    choice_question,
    matrix,
    pick_group_rank,
    rank_order,
    side_by_side,
)
from opulse.experience.surveys.qsf.mapping.conditions import convert
from opulse.experience.surveys.qsf.mapping.drilling import drill_down
from opulse.experience.surveys.qsf.mapping.entering import (
    constant_sum,
    descriptive,
    meta,
    slider,
    text_matrix,
    text_question,
    timing,
)
from opulse.experience.surveys.qsf.mapping.options import NEVER, Fields
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import QsfQuestion

CHECK_MESSAGE = "Please check this answer."
"""Shown where a question's own check fails: the author's words lie in the product's library, not in the file."""

_TYPED_MATRIX = frozenset({"TE", "CS", "RO"})
_OWN_SCALES = frozenset({"Profile"})
_SCRIPT_FRAME = re.compile(
    r"/\*.*?\*/|//[^\n]*|Qualtrics\.SurveyEngine\.addOn\w+\s*\(\s*function\s*\(\s*\)\s*\{|\}\s*\)\s*;?|\s+",
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x1f]+")

_LEFT = {
    "Captcha": "answers are guarded against robots in another way",
    "FileUpload": "files cannot be sent with an answer",
    "Draw": "a signature cannot be drawn",
    "HotSpot": "areas of a picture cannot be chosen",
    "HeatMap": "points in a picture cannot be chosen",
    "HL": "words of a text cannot be marked",
    "GAP": "a gap analysis has no counterpart",
    "SS": "a graphic slider has no counterpart",
    "TreeSelect": "a hierarchy of an organisation has no counterpart",
    "DynamicMatrix": "a table that grows has no counterpart",
}


def map_question(question: QsfQuestion, desk: Desk) -> Question:
    """The question as ours; what is different goes to the desk's account.

    Raises:
        LeftOut: it cannot be asked here; the text says why.
    """
    build = _builder(question)
    if is_carried(question):
        desk.account.differs("choices carried from an earlier question are written out under conditions")
    try:
        return build(question, _common(question, desk), desk)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = " ".join(str(part) for part in fault["loc"][1:]) or "it"
        raise LeftOut(f"it does not fit into a document: {where}: {fault['msg']}") from error


def _builder(question: QsfQuestion) -> Callable[[QsfQuestion, Fields, Desk], Question]:
    if question.type in _LEFT:
        raise LeftOut(_LEFT[question.type])
    if question.type == "Matrix":
        if question.selector in _TYPED_MATRIX:
            return text_matrix
        if question.selector in _OWN_SCALES:
            raise LeftOut("a matrix with another scale in each row has no counterpart")
        return matrix
    if question.type not in _BUILDERS:
        raise LeftOut(f"the type {question.type or 'without a name'} is not known")
    return _BUILDERS[question.type]


def _common(question: QsfQuestion, desk: Desk) -> Fields:
    text, note = desk.text_and_note(question.html)
    described = desk.words(loose.text(question.payload.get("QuestionDescription")))
    if not text:
        text = described or question.export_tag or desk.names.questions[question.id]
        if question.type not in ("Timing", "Meta"):
            desk.account.differs("it has no words of its own; its name stands there")
    _account_for_extras(question, desk)
    own_label = loose.word(question.configuration.get("QuestionDescriptionOption")) == "SpecifyLabel"
    tag = _CONTROLS.sub(" ", question.export_tag).strip()[:100]
    name = desk.names.questions[question.id]
    return {
        "id": name,
        "text": text,
        "note": note,
        "required": question.validation.force == "force",
        "request": question.validation.force == "request",
        "display": _display(question, desk),
        "check": _check(question, desk),
        "export_tag": tag if tag != name else "",
        "label": described if own_label and described != text else "",
    }


def _display(question: QsfQuestion, desk: Desk) -> object:
    hidden = loose.mapping(question.payload.get("DataVisibility")).get("Hidden")
    if loose.truth(hidden):
        desk.account.differs("it is hidden in the product; here a condition that never holds hides it")
        return NEVER
    return convert(question.logic, desk) if question.logic else None


def _check(question: QsfQuestion, desk: Desk) -> Fields | None:
    if question.validation.kind != "CustomValidation":
        return None
    custom = loose.mapping(question.validation.settings.get("CustomValidation"))
    must_hold = convert(read_logic(custom.get("Logic")), desk, "its own check")
    if must_hold is None:
        desk.account.differs("its own check is not made")
        return None
    words = desk.words(loose.text(loose.mapping(custom.get("Message")).get("text")))
    if not words:
        desk.account.differs("the words of its own check lie in the product's library; ours stand there")
    return {"must_hold": must_hold, "message": words or CHECK_MESSAGE}


def _account_for_extras(question: QsfQuestion, desk: Desk) -> None:
    script = loose.text(question.payload.get("QuestionJS"))
    if script and _SCRIPT_FRAME.sub("", script):
        desk.account.differs("its script does not run")
    if loose.mapping(question.payload.get("DefaultChoices")):
        desk.account.differs("nothing is chosen beforehand")
    images = [one for one in (*question.choices, *question.answers) if loose.mapping(one.raw.get("Image"))]
    if any(loose.word(loose.mapping(one.raw["Image"]).get("ImageLocation")) for one in images):
        desk.account.differs("the pictures of its choices are not shown")
    if "<script" in question.html.lower() and plain(question.html).text:
        desk.account.differs("a script in its text does not run")


_BUILDERS: dict[str, Callable[[QsfQuestion, Fields, Desk], Question]] = {
    "MC": choice_question,
    "SBS": side_by_side,
    "RO": rank_order,
    "PGR": pick_group_rank,
    "DD": drill_down,
    "TE": text_question,
    "Slider": slider,
    "CS": constant_sum,
    "DB": descriptive,
    "Timing": timing,
    "Meta": meta,
}
