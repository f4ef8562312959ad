"""Files as they come: other encodings, lists for objects, cut off, not surveys at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opulse.experience.surveys.models import SingleChoice
from opulse.experience.surveys.qsf import Outcome, QsfUnreadable, read_qsf
from opulse.experience.surveys.qsf.html import plain, written
from tests.unit.experience.surveys.qsf.files import BLOCK, block, choices, imported, one_of, qsf, question


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b'{"SurveyEntry": {"SurveyName": "Cut', "cut off"),
        (b"set_global_assignment -name FAMILY Cyclone", "not JSON"),
        (b"[1, 2, 3]", "not a survey"),
        (b'{"name": "something else"}', "not a survey"),
        (b"[" * 200_000, "nested more deeply"),
        (b'{"SurveyElements": ' + b"9" * 6_000 + b"}", "not JSON"),
    ],
)
def test_what_is_no_survey_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(QsfUnreadable, match=words):
        read_qsf(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_editors_make(encoding: str) -> None:
    content = qsf(one_of("QID1", "Grün", "ž")).decode().encode(encoding)
    found = imported(content).document.questions[0]
    assert isinstance(found, SingleChoice)
    assert [choice.text for choice in found.choices] == ["Grün", "ž"]


def test_letters_that_cannot_be_read_do_not_stop_it() -> None:
    content = qsf(one_of("QID1")).replace(b"Question QID1", b"Question \xff\xfe")
    done = imported(content)
    assert done.report.count(Outcome.TAKEN) == 1
    assert any("UTF-8" in note for note in done.report.notes)


def test_blocks_may_be_a_list_or_an_object_and_lists_may_be_objects() -> None:
    as_list = imported(qsf(one_of("QID1"), one_of("QID2"))).document
    blocks = {"1": block("BL_another00000", "QID2"), "0": block(BLOCK, "QID1")}
    blocks["0"]["BlockElements"] = {"0": {"Type": "Question", "QuestionID": "QID1"}}
    as_object = imported(qsf(one_of("QID1"), one_of("QID2"), blocks=blocks)).document
    assert (
        [one.id for one in as_object.questions] == [one.id for one in as_list.questions] == ["QID1", "QID2"]
    )


def test_choices_may_be_a_list_whose_order_is_its_own() -> None:
    payload = question("QID1", "MC", "SAVR", "TX", Choices=[{"Display": "a"}, {"Display": "b"}])
    found = imported(qsf(payload)).document.questions[0]
    assert isinstance(found, SingleChoice)
    assert [(choice.id, choice.text) for choice in found.choices] == [("1", "a"), ("2", "b")]


def test_a_choice_that_the_order_leaves_out_was_deleted() -> None:
    payload = question("QID1", "MC", "SAVR", "TX", **choices("a", "b", "c"))
    payload["ChoiceOrder"] = [3, "1"]
    found = imported(qsf(payload)).document.questions[0]
    assert isinstance(found, SingleChoice)
    assert [choice.id for choice in found.choices] == ["3", "1"]


def test_missing_elements_leave_the_rest() -> None:
    elements: list[Any] = [
        {"Element": "SQ", "PrimaryAttribute": "QID1", "Payload": one_of("QID1")},
        None,
        7,
        {"Element": []},
    ]
    done = imported(json.dumps({"SurveyElements": elements}).encode())
    assert [one.id for one in done.document.questions] == ["QID1"]
    assert (done.name, done.document.language) == ("Survey without a name", "en")


def test_ids_of_other_shapes_get_some_that_fit() -> None:
    blocks = [block("first block", "Q1", "age?")]
    done = imported(qsf(one_of("Q1"), one_of("age?"), blocks=blocks))
    assert [one.id for one in done.document.questions] == ["QIDQ1", "QIDage"]
    assert [item.id for item in done.report.items] == ["Q1", "age?"]


def test_a_block_that_names_a_lost_question_and_a_question_in_no_block() -> None:
    done = imported(qsf(one_of("QID1"), one_of("QID2"), blocks=[block(BLOCK, "QID1", "QID9", "QID1")]))
    assert [one.id for one in done.document.questions] == ["QID1", "QID2"]
    notes = " ".join(done.report.notes)
    assert "QID9" in notes
    assert "QID2" in notes
    assert "twice" in notes


def test_the_envelope_of_the_api_is_taken_off() -> None:
    inner = json.loads(qsf(one_of("QID1")))
    assert imported(json.dumps({"result": inner, "meta": {}}).encode()).report.count(Outcome.TAKEN) == 1


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain  words ", "Plain words"),
        ("one<br />\ntwo", "one\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one<br></div><div>two</div>", "one\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "• a\n• b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ('see <a href="https://example.org/x">here</a>', "see here (https://example.org/x)"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<style>.x { color: red }</style>kept<script>alert(1)</script>", "kept"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("${e://Field/x} &nbsp;is <b>bold</b>", "${e://Field/x}  is bold"),
    ],
)
def test_html_becomes_words(html: str, text: str) -> None:
    assert plain(html).text == text


def test_pictures_are_told_and_counted_as_lost() -> None:
    read = plain(
        'before <img src="data:image/png;base64,iVBORw0KGgo" alt="A chart"><iframe src="x"></iframe>'
    )
    assert read.text == "before [A chart]"
    assert read.lost == ("a picture", "an embedded page")


@pytest.mark.parametrize(
    "text", ["a  b", "a\n\n\n b", "<b>&amp;", "tab\there", "no\u00a0break", "• mark", "x \n y"]
)
def test_words_written_as_html_are_read_as_they_were(text: str) -> None:
    assert plain(written(text)).text == text
