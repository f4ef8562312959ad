"""A person reads their own language where the survey has it, and the base language where it has not."""

from typing import Any

import pytest

from opulse.experience.surveys.models import SingleChoice, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import (
    direction_of,
    first_question_in_mail,
    localise,
    preselected_form,
    resolve_language,
)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [("AR", "ar"), ("de-AT", "de"), ("EN_GB", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_closest_language_is_taken(wanted: str | None, got: str) -> None:
    assert localise(recommended_pulse(), wanted).language == got


def test_the_persons_own_switch_comes_before_the_contacts_language() -> None:
    assert resolve_language(("en", "de", "ar"), "de", "AR") == "de"
    assert resolve_language(("en", "de", "ar"), None, "AR") == "ar"
    assert resolve_language(("en", "pt-br"), "PT-BR") == "pt-br"


def test_direction() -> None:
    assert [direction_of(code) for code in ("ar", "AR-EG", "he", "en", "de")] == [
        "rtl",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_ids_stay_and_texts_change() -> None:
    english, arabic = localise(recommended_pulse(), "en"), localise(recommended_pulse(), "ar")
    first = arabic.questions[0]
    assert isinstance(first, SingleChoice)
    assert first.choices[3].text == "لا أستطيع العمل إطلاقًا"
    assert [question.id for question in arabic.questions] == [question.id for question in english.questions]
    assert arabic.direction == "rtl"


def test_a_text_without_translation_stays_in_the_base_language() -> None:
    pulse = recommended_pulse()
    german = {key: text for key, text in pulse.translations["de"].items() if key != "QID1.choice.2"}
    partial = pulse.model_copy(update={"translations": {"de": german}})
    first = localise(partial, "de").questions[0]
    assert isinstance(first, SingleChoice)
    assert [choice.text for choice in first.choices[:2]] == ["Gar nicht", "Slowed down"]


def test_every_kind_of_text_is_translated() -> None:
    scale = [{"id": "1", "text": "Disagree"}, {"id": "2", "text": "Agree"}]
    questions = [
        {"type": "matrix", "id": "QID1", "text": "Rate", "rows": scale, "scale": scale},
        {"type": "slider", "id": "QID2", "text": "Hours", "low_label": "few", "high_label": "many"},
    ]
    translations = {
        "de": {
            "BL_aaaaaaaaaaa.title": "Teil",
            "QID1.row.1": "Zeile",
            "QID1.scale.2": "Zustimmung",
            "QID2.low_label": "wenige",
        }
    }
    blocks = [{"id": "BL_aaaaaaaaaaa", "title": "Part", "questions": questions}]
    given = {"title": "T", "language": "en", "blocks": blocks, "translations": translations}
    german = localise(SurveyDocument.model_validate(given), "de").model_dump()
    block = german["blocks"][0]
    assert block["title"] == "Teil"
    assert [row["text"] for row in block["questions"][0]["rows"]] == ["Zeile", "Agree"]
    assert [point["text"] for point in block["questions"][0]["scale"]] == ["Disagree", "Zustimmung"]
    assert (block["questions"][1]["low_label"], block["questions"][1]["high_label"]) == ("wenige", "many")


def test_the_mail_offers_the_first_questions_choices_as_links() -> None:
    asked = first_question_in_mail(localise(recommended_pulse(), "de"))
    assert asked is not None
    assert asked.text == "Wie wirkt sich diese Störung im Moment auf Ihre Arbeit aus?"
    assert [choice.query for choice in asked.choices] == [f"q=QID1&c={number}" for number in range(1, 6)]


def test_a_link_marks_only_what_the_mail_offered() -> None:
    survey = localise(recommended_pulse(), "en")
    assert preselected_form(survey, "QID1", "2") == {"QID1": ["2"]}
    assert preselected_form(survey, "QID1", "9") == {}
    assert preselected_form(survey, "QID2", "1") == {}
    assert preselected_form(survey, "<script>", "1") == {}


def kinds(question: dict[str, Any]) -> SurveyDocument:
    hello = {"type": "descriptive", "id": "QID9", "text": "Hello"}
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": [hello, question]}]
    return SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks})


def test_scales_can_be_answered_from_the_mail_and_texts_cannot() -> None:
    stars = localise(kinds({"type": "stars", "id": "QID1", "text": "Rate", "stars": 3}), "en")
    offered = first_question_in_mail(stars)
    assert offered is not None
    assert [choice.text for choice in offered.choices] == ["★", "★★", "★★★"]
    assert preselected_form(stars, "QID1", "3") == {"QID1_1": ["3"]}
    nps = {"type": "nps", "id": "QID1", "text": "Recommend?", "low_label": "no", "high_label": "yes"}
    points = first_question_in_mail(localise(kinds(nps), "en"))
    assert points is not None
    assert (len(points.choices), points.low_label) == (11, "no")
    assert first_question_in_mail(localise(kinds({"type": "text", "id": "QID1", "text": "?"}), "en")) is None
