"""Small QSF files for tests, written in the shapes that files of the product have, and where the real ones are found."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from opulse.experience.surveys.models import Question
from opulse.experience.surveys.qsf import Imported, Item, read_qsf, to_document

Json = dict[str, Any]
BLOCK = "BL_0aB1cD2eF3gH4iJ"
SECOND = "BL_9zY8xW7vU6tS5rQ"
SURVEY = "SV_0aB1cD2eF3gH4iJ"


def real_files() -> list[Path]:
    """QSF files from public research projects: in the folder that OPULSE_TEST_QSF names, else beside the checkout.

    They are not ours to ship. Without them the tests that ask for them are skipped and say so.
    """
    named = os.environ.get("OPULSE_TEST_QSF")
    folder = Path(named) if named else Path(__file__).parents[6] / "shared/data/qsf"
    return sorted(folder.glob("*.qsf")) if folder.is_dir() else []


ABSENT = "no QSF files: set OPULSE_TEST_QSF to a folder of them"


def choices(*texts: str) -> Json:
    """``Choices`` and their order, which mixes numbers and text as real files do."""
    found = {str(number): {"Display": text} for number, text in enumerate(texts, start=1)}
    order = [int(name) if int(name) % 2 else name for name in found]
    return {"Choices": found, "ChoiceOrder": order}


def answers(*texts: str) -> Json:
    """``Answers`` and their order."""
    found = {str(number): {"Display": text} for number, text in enumerate(texts, start=1)}
    return {"Answers": found, "AnswerOrder": list(found)}


def question(name: str, kind: str, selector: str = "", sub_selector: str | None = None, **more: Any) -> Json:
    """The payload of a question."""
    return {
        "QuestionText": f"Question {name}",
        "DataExportTag": name.replace("QID", "Q"),
        "QuestionType": kind,
        "Selector": selector,
        "SubSelector": sub_selector,
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": f"Question {name}",
        "Validation": {"Settings": {"ForceResponse": "OFF", "ForceResponseType": "ON", "Type": "None"}},
        "Language": [],
        "QuestionID": name,
        **more,
    }


def one_of(name: str, *texts: str, **more: Any) -> Json:
    """A question with one choice of several."""
    return question(name, "MC", "SAVR", "TX", **choices(*(texts or ("Yes", "No"))), **more)


def block(name: str, *elements: Any, **more: Any) -> Json:
    """A block of question ids; ``|`` is a page break, an object stands for itself."""
    listed = [
        {"Type": "Page Break"}
        if one == "|"
        else {"Type": "Question", "QuestionID": one}
        if isinstance(one, str)
        else one
        for one in elements
    ]
    return {"Type": "Standard", "Description": "Block", "ID": name, "BlockElements": listed, **more}


def line(subject: str, operator: str = "Selected", **more: Any) -> Json:
    """An expression about a question."""
    name = subject.removeprefix("q://").partition("/")[0]
    located = {"ChoiceLocator": subject, "LeftOperand": subject, "QuestionIDFromLocator": name}
    return {
        "LogicType": "Question",
        "QuestionID": name,
        "Operator": operator,
        "Type": "Expression",
        **located,
        **more,
    }


def logic(*lines: Json) -> Json:
    """Lines of one set."""
    return {
        "Type": "BooleanExpression",
        "inPage": False,
        "0": {"Type": "If", **{str(n): one for n, one in enumerate(lines)}},
    }


def qsf(
    *questions: Json,
    blocks: Any = None,
    flow: list[Json] | None = None,
    options: Json | None = None,
    **entry: Any,
) -> bytes:
    """A file; without blocks all questions stand in one."""
    if blocks is None:
        blocks = [block(BLOCK, *(one["QuestionID"] for one in questions))]
    elements = [
        ("BL", "Survey Blocks", blocks),
        ("SO", "Survey Options", {"BackButton": "false", **(options or {})}),
    ]
    if flow is not None:
        elements.append(("FL", "Survey Flow", {"Type": "Root", "FlowID": "FL_1", "Flow": flow}))
    elements += [("SQ", one["QuestionID"], one) for one in questions]
    return json.dumps(
        {
            "SurveyEntry": {"SurveyID": SURVEY, "SurveyName": "Small", "SurveyLanguage": "EN", **entry},
            "SurveyElements": [
                {"SurveyID": SURVEY, "Element": kind, "PrimaryAttribute": first, "Payload": payload}
                for kind, first, payload in elements
            ],
        }
    ).encode()


def imported(content: bytes) -> Imported:
    """The file as a document with its report."""
    return to_document(read_qsf(content))


def mapped(payload: Json, *before: Json) -> tuple[Question, Item]:
    """One question of a file, behind others, with its outcome. It must not have been left."""
    done = imported(qsf(*before, payload))
    item = next(one for one in done.report.items if one.id == payload["QuestionID"])
    return next(one for one in done.document.questions if one.id == payload["QuestionID"]), item
