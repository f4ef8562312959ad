"""The page with the questions, read as HTML: complete without a script, errors lead to their fields."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import opulse.experience.responses
from opulse.experience.responses.pages.contexts import QuestionPage
from opulse.experience.responses.pages.questions import build_question_page, languages_of, show_if
from opulse.experience.surveys.models import LocalisedSurvey, SurveyDocument
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import Form, localise, validate_answers
from opulse.web.components.frame import RequestContext
from opulse.web.components.manifest import AssetManifest
from opulse.web.layout import Pages, make_environment

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEMPLATES = Path(opulse.experience.responses.__file__).parent / "templates"
ASSETS = AssetManifest({name: name for name in ("logo.svg", "respondent.css", "respondent.js", "icons.svg")})
CHOICES = [{"id": str(number), "text": f"Choice {number}"} for number in range(1, 4)]

ALL_KINDS: list[dict[str, Any]] = [
    {
        "type": "single_choice",
        "id": "QID1",
        "choices": [*CHOICES, {"id": "4", "text": "Other", "text_entry": True}],
    },
    {"type": "multiple_choice", "id": "QID2", "choices": CHOICES},
    {"type": "dropdown", "id": "QID3", "choices": CHOICES},
    {"type": "nps", "id": "QID4", "low_label": "Not at all", "high_label": "Very"},
    {"type": "stars", "id": "QID5"},
    {"type": "matrix", "id": "QID6", "rows": CHOICES[:2], "scale": CHOICES},
    {"type": "slider", "id": "QID7", "low_label": "few", "minimum": 10},
    {"type": "text", "id": "QID8"},
    {"type": "text", "id": "QID9", "lines": "several", "note": "Please do not name people."},
    {"type": "descriptive", "id": "QID10"},
]


def survey(*questions: dict[str, Any]) -> LocalisedSurvey:
    asked = [{"text": f"About {one['id']}?", **one} for one in questions]
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": asked}]
    return localise(SurveyDocument.model_validate({"title": "T", "language": "en", "blocks": blocks}), "en")


def page_of(asked: LocalisedSurvey, form: Form, *, posted: bool = False) -> QuestionPage:
    problems = validate_answers(asked, form)[1] if posted else []
    languages = languages_of(asked, "/s/token", {"q": "QID1", "c": "2"})
    return build_question_page(asked, form, problems, action="/s/token", stamp="1.abc", languages=languages)


def html_of(page: QuestionPage) -> str:
    pages = Pages(make_environment({"responses": TEMPLATES}, ASSETS))
    frame = RequestContext(path="/s/token", now=NOW, locale=page.survey.language)
    return pages.render(frame, "responses/question.html", page)


class Elements(HTMLParser):
    """Every element of a page as (tag, attributes), and a check that what is opened is closed."""

    VOID = frozenset({"input", "meta", "link", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.feed(html)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def named(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for kind, attributes in self.found
            if kind == tag and all(attributes.get(name) == value for name, value in wanted.items())
        ]


def test_every_kind_of_question_can_be_answered_and_comes_back_as_it_was_posted() -> None:
    form = {
        "QID1": ["4"],
        "QID1_4_TEXT": ["<b>bus</b>"],
        "QID2": ["1", "3"],
        "QID3": ["2"],
        "QID4": ["10"],
        "QID5_1": ["3"],
        "QID6_1": ["1"],
        "QID6_2": ["3"],
        "QID7_1": ["40"],
        "QID8_TEXT": ['say "so"'],
        "QID9_TEXT": ["\nline"],
    }
    html = html_of(page_of(survey(*ALL_KINDS), form))
    page = Elements(html)
    marked = [one for _, one in page.found if "checked" in one or "selected" in one]
    assert {(one.get("name"), one["value"]) for one in marked if "name" in one} == {
        ("QID1", "4"),
        ("QID2", "1"),
        ("QID2", "3"),
        ("QID4", "10"),
        ("QID5_1", "3"),
        ("QID6_1", "1"),
        ("QID6_2", "3"),
    }
    assert [one["value"] for one in marked if "name" not in one] == ["2"], "the entry of the drop-down"
    assert page.named("input", name="QID1_4_TEXT")[0]["value"] == "<b>bus</b>"
    assert page.named("input", name="QID8_TEXT")[0]["value"] == 'say "so"'
    assert page.named("input", name="QID7_1")[0]["value"] == "40"
    assert re.search(r"<textarea[^>]*>\n\nline</textarea>", html), "a browser drops the first line end"
    assert len(page.named("fieldset")) == 8, "one per group, and one per row of the matrix"
    assert [one["value"] for one in page.named("input", name="seen")] == [one["id"] for one in ALL_KINDS]


def test_ids_are_unique_and_labels_lead_to_fields() -> None:
    page = Elements(html_of(page_of(survey(*ALL_KINDS), {}, posted=True)))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one["for"] for one in page.named("label") if "for" in one} <= set(ids)
    described = {part for _, one in page.found for part in (one.get("aria-describedby") or "").split()}
    assert described and described <= set(ids)


def test_an_untouched_slider_is_posted_as_no_answer() -> None:
    page = Elements(html_of(page_of(survey(ALL_KINDS[6]), {})))
    slider = page.named("input", name="QID7_1")[0]
    skip = page.named("input", name="QID7_1_SKIP")[0]
    assert (slider["value"], "checked" in skip) == ("10", True)
    posted = {"QID7_1": [str(slider["value"])], "QID7_1_SKIP": ["1"]}
    assert validate_answers(survey(ALL_KINDS[6]), posted) == ({}, [])


def test_every_problem_is_named_above_and_beside_its_field_and_the_link_leads_there() -> None:
    asked = survey(*({**one, "required": True} for one in ALL_KINDS[:9]))
    page = page_of(asked, {"QID7_1": ["20"], "QID7_1_SKIP": ["1"]}, posted=True)
    html = html_of(page)
    elements = Elements(html)
    ids = {attributes.get("id") for _, attributes in elements.found}
    assert [one.field for one in page.problems] == [
        "QID1-1",
        "QID2-1",
        "QID3",
        "QID4-0",
        "QID5_1-1",
        "QID6_1-1",
        "QID6_2-1",
        "QID7_1",
        "QID8_TEXT",
        "QID9_TEXT",
    ]
    assert {one.field for one in page.problems} <= ids
    assert page.problems[5].question == "Choice 1", "a matrix names the row"
    assert html.count('class="error"') == len(page.problems)
    assert "<title>Please look at this again – T</title>" in html


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_the_recommended_pulse_in_its_languages(language: str, direction: str) -> None:
    html = html_of(page_of(localise(recommended_pulse(), language), {"QID1": ["2"]}))
    page = Elements(html)
    assert page.named("html")[0] == {"lang": language, "dir": direction}
    assert [one["value"] for one in page.named("input", name="QID1") if "checked" in one] == ["2"]
    assert len(page.named("form")) == 2
    others = [str(one["lang"]) for one in page.named("a") if "hreflang" in one]
    assert sorted([*others, language]) == ["ar", "de", "en"]


def test_the_number_of_questions_is_named() -> None:
    lengths = [page_of(localise(recommended_pulse(), code), {}).length for code in ("en", "de", "ar")]
    assert lengths == [
        "3 questions and one optional comment.",
        "3 Fragen und ein freiwilliger Kommentar.",
        "3 أسئلة وتعليق اختياري واحد.",
    ]
    assert page_of(survey(ALL_KINDS[0]), {}).length == "1 question."


def test_the_switch_keeps_what_the_mail_preselected_and_escapes_it() -> None:
    links = languages_of(localise(recommended_pulse(), "de"), "/s/token", {"q": "QID1", "c": '2"&x=1'})
    assert links[0].href == "/s/token?lang=en&q=QID1&c=2%22%26x%3D1"
    assert [(link.name, link.current) for link in links] == [
        ("English", False),
        ("Deutsch", True),
        ("العربية", False),
    ]


def logic(*conditions: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"type": "text", "id": "QID2", "display": {"match": match, "conditions": list(conditions)}}


def test_simple_display_logic_is_left_to_the_script_with_a_hint_for_those_without() -> None:
    either = ({"question": "QID1", "choice": "1"}, {"question": "QID1", "choice": "3"})
    asked = survey(ALL_KINDS[0], logic(*either, match="any"))
    html = html_of(page_of(asked, {}))
    assert 'data-show-if="QID1=1|3"' in html
    assert '<noscript><p class="hint">Answer this only if it applies to you.</p></noscript>' in html


@pytest.mark.parametrize(
    ("match", "conditions"),
    [
        ("all", [{"question": "QID1", "choice": "1"}, {"question": "QID1", "choice": "3"}]),
        ("all", [{"question": "QID1", "choice": "1", "operator": "not_selected"}]),
        ("any", [{"question": "QID1", "choice": "1"}, {"question": "QID6", "choice": "1", "row": "2"}]),
    ],
)
def test_other_display_logic_is_the_servers(match: str, conditions: list[dict[str, Any]]) -> None:
    asked = survey(ALL_KINDS[0], ALL_KINDS[5], logic(*conditions, match=match))
    assert show_if(asked.questions[2]) == ""
    shown = [view.question.id for block in page_of(asked, {}).blocks for view in block.questions]
    assert shown == (["QID1", "QID6", "QID2"] if "operator" in conditions[0] else ["QID1", "QID6"])


def test_a_scale_of_long_words_is_drawn_as_rows() -> None:
    long = [{"id": "1", "text": "Strongly disagree with it"}, {"id": "2", "text": "Agree"}]
    matrix = {"type": "matrix", "id": "QID1", "rows": CHOICES[:1], "scale": long}
    assert 'class="scale few"' not in html_of(page_of(survey(matrix), {}))
    assert 'class="scale few"' in html_of(page_of(survey({**matrix, "scale": CHOICES}), {}))


def test_texts_of_a_survey_are_text_and_never_markup() -> None:
    hostile = {"type": "text", "id": "QID1", "text": "<script>alert(1)</script>", "note": '"><img src=x>'}
    html = html_of(page_of(survey(hostile), {}))
    assert "<script>alert" not in html
    assert "<img" not in html
