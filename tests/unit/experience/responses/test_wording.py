"""The pages say the same in every language."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opulse.experience.responses.wording import LANGUAGES, name_of_language, wording_in
from opulse.experience.surveys.models import FieldProblem, FieldReason


def leaves(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in texts.items():
        if isinstance(value, dict):
            found.update(leaves(value, f"{path}{name}."))
        elif value is not None:
            found[f"{path}{name}"] = value
    return found


def slots(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_text_fills_in_the_same_names(language: str) -> None:
    english, other = (leaves(wording_in(code).model_dump()) for code in ("en", language))
    counted = {key for key in english | other if key.startswith("number_of_")}
    assert set(english) - counted == set(other) - counted
    different = {key for key in set(english) - counted if slots(english[key]) != slots(other[key])}
    assert different <= {"problem.out_of_range"} and all(
        slots(other[key]) <= slots(english[key]) for key in different
    )
    same = {key for key in english if english[key] == other.get(key) and key != "language"}
    assert same == set(), "left in English"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", FieldReason)
def test_every_reason_has_a_sentence(language: str, reason: FieldReason) -> None:
    problem = FieldProblem("QID1", "QID1", reason, minimum=1, maximum=5, step=2)
    sentence = wording_in(language).problem_text(problem)
    assert sentence
    assert "{" not in sentence
    assert "None" not in sentence


def test_plurals() -> None:
    arabic = wording_in("ar")
    said = [arabic.count(arabic.number_of_questions, number) for number in (1, 2, 3, 11, 100)]
    assert said == ["سؤال واحد", "سؤالان", "3 أسئلة", "11 سؤالًا", "100 سؤال"]


def test_a_moment_names_its_zone() -> None:
    moment = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert wording_in("de").time(moment, ZoneInfo("Europe/Berlin")) == "23.11.2026, 14:30 MEZ"


@pytest.mark.parametrize(("asked", "got"), [("DE", "de"), ("ar-EG", "ar"), ("fr", "en"), ("", "en")])
def test_the_closest_language_speaks(asked: str, got: str) -> None:
    assert wording_in(asked).language == got


def test_a_language_names_itself_even_where_the_pages_do_not_speak_it() -> None:
    assert [name_of_language(code) for code in ("ar", "fr", "xx")] == ["العربية", "français", "xx"]
