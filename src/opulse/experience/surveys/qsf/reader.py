"""From the bytes of a QSF file to :class:`QsfSurvey`: everything that can be read, whatever else is wrong with the file.

Format: a census of public files (`docs/howto/bring-a-qualtrics-survey.md`): block lists or objects, ids as numbers or text,
missing elements, empty objects as ``[]``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.logic import read_logic, read_skips
from opulse.experience.surveys.qsf.models import (
    BlockElement,
    FlowElement,
    QsfBlock,
    QsfQuestion,
    QsfSurvey,
    QsfUnreadable,
)
from opulse.experience.surveys.qsf.reading import read_question

DEEPEST_FLOW = 40
"""Steps inside steps that are followed; surveys have fewer than ten."""

_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def read_qsf(content: bytes) -> QsfSurvey:
    """Read a file.

    Raises:
        QsfUnreadable: it is not JSON, or nothing in it looks like a survey.
    """
    notes: list[str] = []
    survey = _survey_object(_json(_decoded(content, notes)))
    entry = loose.mapping(survey.get("SurveyEntry"))
    elements = [loose.mapping(one) for one in loose.sequence(survey.get("SurveyElements"))]
    kinds = Counter(_kind(one) for one in elements)
    questions = _questions(elements, notes)
    blocks = _blocks(elements, questions, notes)
    options = loose.mapping(_payload(elements, "SO"))
    root = loose.mapping(_payload(elements, "FL"))
    scoring = loose.mapping(_payload(elements, "SCO"))
    return QsfSurvey(
        name=loose.word(entry.get("SurveyName")),
        description=loose.word(entry.get("SurveyDescription")),
        language=loose.word(entry.get("SurveyLanguage")) or loose.word(options.get("SurveyLanguage")),
        blocks=blocks,
        flow=tuple(_flow(root.get("Flow"), 0)),
        questions=questions,
        options=options,
        quotas=tuple(loose.word(one.get("SecondaryAttribute")) for one in elements if _kind(one) == "QO"),
        scored=bool(loose.sequence(scoring.get("ScoringCategories"))),
        elements=dict(kinds),
        notes=tuple(notes),
    )


def _decoded(content: bytes, notes: list[str]) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        notes.append("The file is not clean UTF-8: letters that could not be read are shown as \ufffd.")
        return content.decode(encoding, errors="replace")


def _json(text: str) -> Any:
    if not text.strip():
        raise QsfUnreadable(
            "The file is empty. Export the survey again: Tools, Import/Export, Export survey."
        )
    if text.lstrip().startswith("<"):
        raise QsfUnreadable(
            "This is a web page, not a survey file. Save the file that Export survey downloads."
        )
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError as error:
        raise QsfUnreadable(
            "The file is nested more deeply than any survey: it was not made by Qualtrics."
        ) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise QsfUnreadable(
            f"The file is not JSON ({error.msg}, {where}). It may be cut off: export the survey again."
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise QsfUnreadable(f"The file is not JSON that a survey can be written in ({error}).") from error


def _survey_object(value: Any) -> Mapping[str, Any]:
    """The object with the elements; the API's envelope around it is taken off."""
    found = loose.mapping(value) if isinstance(value, dict) else {}
    if "SurveyElements" not in found and isinstance(found.get("result"), dict):
        found = loose.mapping(found["result"])
    if "SurveyElements" not in found and "SurveyEntry" not in found:
        raise QsfUnreadable(
            "The file is JSON, but not a survey: it has neither SurveyEntry nor SurveyElements. "
            "Export it as a QSF file: Tools, Import/Export, Export survey."
        )
    return found


def _kind(element: Mapping[str, Any]) -> str:
    return loose.word(element.get("Element")).upper() or "?"


def _payload(elements: list[Mapping[str, Any]], kind: str) -> Any:
    """The payload of the first element of a kind that has one."""
    found = (one.get("Payload") for one in elements if _kind(one) == kind)
    return next((one for one in found if one), None)


def _questions(elements: list[Mapping[str, Any]], notes: list[str]) -> dict[str, QsfQuestion]:
    found: dict[str, QsfQuestion] = {}
    for place, element in enumerate(elements):
        if _kind(element) != "SQ":
            continue
        payload = loose.mapping(element.get("Payload"))
        name = loose.word(element.get("PrimaryAttribute")) or loose.word(payload.get("QuestionID"))
        name = name or f"element {place + 1}"
        if name in found:
            notes.append(f"Question {name} stands in the file twice; the first is used.")
        else:
            found[name] = read_question(name, payload, loose.text(element.get("SecondaryAttribute")))
    return found


def _blocks(
    elements: list[Mapping[str, Any]], questions: Mapping[str, QsfQuestion], notes: list[str]
) -> tuple[QsfBlock, ...]:
    found = [
        _block(loose.mapping(one), f"block {place}")
        for element in elements
        if _kind(element) == "BL"
        for place, one in enumerate(loose.sequence(element.get("Payload")), start=1)
        if isinstance(one, dict)
    ]
    found = _each_once(found, notes)
    placed = {one.question for block in found for one in block.elements}
    if missing := sorted(placed - set(questions) - {""}):
        notes.append(f"Blocks name questions that the file does not have: {_listed(missing)}.")
    if homeless := [name for name in questions if name not in placed]:
        if found:
            notes.append(f"No block holds these questions, so they come last: {_listed(homeless)}.")
        rest = tuple(BlockElement(name) for name in homeless)
        found.append(QsfBlock("", "Standard", "", rest, {}))
    return tuple(found)


def _each_once(blocks: list[QsfBlock], notes: list[str]) -> list[QsfBlock]:
    """The blocks with every question at its first place only."""
    placed: set[str] = set()
    found = []
    for block in blocks:
        kept = []
        for element in block.elements:
            if element.question in placed:
                notes.append(
                    f"Question {element.question} stands in the blocks twice; its first place counts."
                )
            else:
                kept.append(element)
                placed.update({element.question} - {""})
        found.append(replace(block, elements=tuple(kept)))
    return found


def _block(source: Mapping[str, Any], name: str) -> QsfBlock:
    return QsfBlock(
        loose.word(source.get("ID")) or name,
        loose.word(source.get("Type")) or "Standard",
        loose.text(source.get("Description")),
        tuple(_block_elements(source.get("BlockElements"))),
        loose.mapping(source.get("Options")),
    )


def _block_elements(value: Any) -> Iterator[BlockElement]:
    for one in loose.sequence(value):
        source = loose.mapping(one) if isinstance(one, dict) else {"QuestionID": one}
        if loose.word(source.get("Type")).lower().replace(" ", "") == "pagebreak":
            yield BlockElement("")
        elif name := loose.word(source.get("QuestionID")):
            yield BlockElement(name, read_skips(source.get("SkipLogic")))


def _flow(value: Any, depth: int) -> Iterator[FlowElement]:
    for one in loose.sequence(value) if depth < DEEPEST_FLOW else ():
        if not isinstance(one, dict):
            continue
        source = loose.mapping(one)
        kind = loose.word(source.get("Type"))
        yield FlowElement(
            kind,
            loose.word(source.get("FlowID")),
            loose.word(source.get("ID")) if kind in ("Block", "Standard") else "",
            read_logic(source.get("BranchLogic")),
            source,
            tuple(_flow(source.get("Flow"), depth + 1)),
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
