"""Files of public research projects, where they are at hand: how much of them is taken, and that nothing changes on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opulse.experience.surveys.qsf import Outcome, write_qsf
from opulse.experience.surveys.qsf.own import KEY
from opulse.experience.surveys.rules import validate_document
from tests.unit.experience.surveys.qsf.files import ABSENT, SURVEY, imported, real_files

FILES = real_files()
pytestmark = pytest.mark.skipif(not FILES, reason=ABSENT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[-40:])
def test_it_is_read_can_be_published_and_reads_back_unchanged(path: Path) -> None:
    content = path.read_bytes()
    done = imported(content)
    elements = json.loads(content.decode("utf-8-sig"))["SurveyElements"]
    assert len(done.report.items) == sum(one["Element"] == "SQ" for one in elements)
    assert validate_document(done.document) == []
    file = write_qsf(done.document, done.name, SURVEY)
    assert KEY.encode() not in file
    assert imported(file).document == done.document


def test_nine_of_ten_questions_are_taken() -> None:
    items = [item for path in FILES for item in imported(path.read_bytes()).report.items]
    taken = sum(item.outcome is Outcome.TAKEN for item in items)
    assert taken / len(items) >= 0.9
    assert [item for item in items if item.outcome is Outcome.LEFT] == []
