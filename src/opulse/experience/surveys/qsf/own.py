"""What our own documents hold and QSF has no field for: kept in one extra key of the survey options.

Each part is written with the digest of what a reader of plain QSF makes of the same part. It is put back only while that
digest fits: once somebody has changed the question in the product, the product's version counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError

from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.qsf import loose

KEY = "OperationalPulse"
_WHOLE, _DIGEST = "document", "digest"


def kept(document: SurveyDocument, read: SurveyDocument) -> dict[str, Any]:
    """What to keep so that :func:`restored` makes ``document`` of ``read``; empty when they are the same."""
    wanted, had = _parts(document), _parts(read)
    if list(wanted) != list(had):
        found = {_WHOLE: {"of": _digest(_dump(read)), "is": _dump(document)}}
    else:
        changed = [name for name in wanted if wanted[name] != had[name]]
        found = {name: {"of": _digest(had[name]), "is": wanted[name]} for name in changed}
    return {**found, _DIGEST: _digest(_dump(document))} if found else {}


def is_as_written(document: SurveyDocument, options: Mapping[str, Any]) -> bool:
    """Whether nothing of the file was changed since we wrote it: then it is what it was, also where that had problems."""
    return loose.mapping(options.get(KEY)).get(_DIGEST) == _digest(_dump(document))


def restored(document: SurveyDocument, options: Mapping[str, Any]) -> SurveyDocument:
    """The document with the parts that the extra key holds, as far as they fit what was read."""
    parts = {name: loose.mapping(one) for name, one in loose.mapping(options.get(KEY)).items()}
    if not parts:
        return document
    whole = _dump(document)
    if _fits(parts.get(_WHOLE), whole):
        return _checked(parts[_WHOLE]["is"], document)
    blocks = []
    for block in whole.pop("blocks"):
        questions = [_part(parts, f"question {one['id']}", one) for one in block.pop("questions")]
        blocks.append({**_part(parts, f"block {block['id']}", block), "questions": questions})
    trash = [_part(parts, f"deleted {one['id']}", one) for one in whole.pop("trash")]
    translations = whole.pop("translations")
    kept_texts = parts.get("translations", {})
    said = kept_texts["is"] if _fits(kept_texts, translations) else translations
    survey = _part(parts, "survey", whole)
    return _checked({**survey, "blocks": blocks, "trash": trash, "translations": said}, document)


def _parts(document: SurveyDocument) -> dict[str, Any]:
    """Name → part: the survey without its blocks, each block without its questions, each question, the translations."""
    survey = _dump(document)
    found: dict[str, Any] = {}
    for block in survey.pop("blocks"):
        questions = block.pop("questions")
        found[f"block {block['id']}"] = block
        found.update({f"question {one['id']}": one for one in questions})
    found.update({f"deleted {one['id']}": one for one in survey.pop("trash")})
    return {"translations": survey.pop("translations"), **found, "survey": survey}


def _part(parts: Mapping[str, Mapping[str, Any]], name: str, had: dict[str, Any]) -> dict[str, Any]:
    return dict(loose.mapping(parts[name]["is"])) if _fits(parts.get(name), had) else had


def _fits(part: Mapping[str, Any] | None, had: Any) -> bool:
    return part is not None and "is" in part and part.get("of") == _digest(had)


def _checked(value: Any, otherwise: SurveyDocument) -> SurveyDocument:
    try:
        return SurveyDocument.model_validate(value)
    except ValidationError:  # somebody edited the extra key
        return otherwise


def _dump(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json")


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:32]
