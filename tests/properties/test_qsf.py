"""QSF: any document reads back as it was written, and no file that is a survey in part ends in anything but a report."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opulse.experience.surveys.models import DocumentReason, SurveyDocument
from opulse.experience.surveys.qsf import Outcome, QsfUnreadable, read_qsf, to_document, write_qsf
from opulse.experience.surveys.qsf.html import plain, written
from opulse.experience.surveys.rules import text_keys, validate_document
from tests.unit.experience.surveys.kinds import KINDS
from tests.unit.experience.surveys.qsf.files import BLOCK, SURVEY

LETTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t<>&;\u00a0\u2028${}")
WORDS = st.sampled_from(
    ["<b>", "&amp;", "${q://QID1/ChoiceTextEntryValue}", "${rand://int/1:2}", " ~ ", ":", "Qualtrics", "→"]
)
TEXTS = (st.text(LETTERS, min_size=1, max_size=30) | WORDS).filter(lambda text: text.strip() != "")
OPTIONAL = st.just("") | TEXTS
SMALL = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
CONDITIONS = st.recursive(
    st.sampled_from(
        [
            {"kind": "choice", "question": "QID1", "choice": "1"},
            {"kind": "choice", "question": "QID1", "choice": "2", "operator": "not_displayed"},
            {"kind": "question", "question": "QID1", "operator": "answered"},
            {"kind": "answer", "question": "QID1", "of": "count", "operator": "greater", "value": "1"},
            {"kind": "field", "name": "plan & team", "operator": "contains", "value": "x"},
            {"kind": "field", "source": "contact", "name": "Email", "operator": "empty"},
            {"kind": "field", "source": "device", "name": "type", "operator": "equal", "value": "phone"},
            {"kind": "field", "source": "loop", "name": "number", "operator": "less", "value": "3"},
            {"kind": "constant", "value": False},
        ]
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "kind": st.just("group"),
            "match": st.sampled_from(["all", "any"]),
            "conditions": st.lists(inner, min_size=1, max_size=3),
        }
    ),
    max_leaves=6,
)
LOGIC = st.fixed_dictionaries(
    {"match": st.sampled_from(["all", "any"]), "conditions": st.lists(CONDITIONS, min_size=1, max_size=3)}
)
ORDERS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["as_written", "random", "flipped"]), "show": st.none() | st.just(1)}
)


@st.composite
def documents(draw: st.DrawFn) -> SurveyDocument:
    """Documents of every kind of question, with conditions, skips, a flow and a translation, that could be published."""
    first = {"id": "QID1", "type": "multiple_choice", "text": "First", **KINDS["multiple_choice"]}
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=4))
    asked = [first, *(_question(draw, place, kind) for place, kind in enumerate(kinds, start=2))]
    cut = draw(st.integers(1, len(asked)))
    blocks = [_block(draw, BLOCK, asked[:cut]), _block(draw, "BL_9zY8xW7vU6tS5rQ", asked[cut:])]
    document = {
        "title": draw(TEXTS),
        "intro": draw(OPTIONAL),
        "language": draw(st.sampled_from(["en", "de", "zh-hans", "hye", "pt-br"])),
        "blocks": blocks,
        "flow": draw(st.just([]) | _flows(blocks)),
        "end_text": draw(OPTIONAL),
        "options": {
            "back": draw(st.booleans()),
            "next_text": draw(OPTIONAL),
            "one_per_page": draw(st.booleans()),
        },
        "trash": [{"id": "QID99", "type": "descriptive", "text": draw(TEXTS)}][: draw(st.integers(0, 1))],
    }
    made = SurveyDocument.model_validate(document)
    keys = draw(st.lists(st.sampled_from(sorted(text_keys(made))), max_size=5, unique=True))
    texts = {key: draw(TEXTS) for key in keys}
    return SurveyDocument.model_validate(
        {**made.model_dump(), "translations": {"fr": texts} if texts else {}}
    )


def _question(draw: st.DrawFn, place: int, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": f"QID{place}",
        "type": kind,
        "text": draw(TEXTS),
        "note": draw(OPTIONAL),
        **copy.deepcopy(KINDS[kind]),
    }
    if kind not in ("descriptive", "timing", "meta"):
        found |= {"required": draw(st.booleans()), "request": draw(st.booleans())}
    if "order" in found or "choices" in found:
        found["order"] = draw(ORDERS)
    for choice in found.get("choices", ()):
        choice |= {"text": draw(TEXTS), "recode": draw(st.sampled_from(["", "-1", choice["id"]]))}
    found["display"] = draw(st.none() | LOGIC)
    found["export_tag"] = draw(st.sampled_from(["", "Q1", f"QID{place}", "a b"]))
    found["label"] = draw(OPTIONAL)
    found["page_break"] = draw(st.booleans())
    return found


def _block(draw: st.DrawFn, name: str, questions: list[dict[str, Any]]) -> dict[str, Any]:
    order = draw(ORDERS) if questions else {}
    named = {"id": name, "title": draw(OPTIONAL), "name": draw(OPTIONAL | st.just("Block"))}
    rows = [{"id": "7", "fields": [draw(TEXTS), ""]}]
    return {
        **named,
        "questions": questions,
        "order": order,
        "loop": draw(st.none() | st.just({"rows": rows})),
    }


def _flows(blocks: list[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    steps: list[dict[str, Any]] = [{"type": "block", "block": one["id"]} for one in blocks]
    branches = LOGIC.map(
        lambda logic: {"type": "branch", "id": "FL_5", "name": "x", "when": logic, "flow": steps[1:]}
    )
    ends = OPTIONAL.map(lambda text: {"type": "end", "id": "FL_6", "message": text, "flag": "quota"})
    values = (st.none() | OPTIONAL).map(
        lambda value: {"type": "embedded_data", "id": "FL_7", "fields": [{"name": "a", "value": value}]}
    )
    chance = st.just({"type": "randomizer", "id": "FL_x", "show": 1, "even": True, "flow": steps[1:]})
    return st.lists(branches | ends | values | chance, max_size=3, unique_by=lambda one: one["id"]).map(
        lambda more: [*steps[:1], *more]
    )


@SMALL
@given(documents())
def test_any_document_reads_back_as_it_was_written(document: SurveyDocument) -> None:
    found = to_document(read_qsf(write_qsf(document, "Any", SURVEY)))
    assert found.document == document
    assert not [item for item in found.report.items if item.outcome is Outcome.LEFT]


@given(TEXTS)
def test_any_text_written_as_html_is_read_as_it_was(text: str) -> None:
    assert plain(written(text.strip())).text == text.strip()


@given(
    st.text()
    | st.lists(
        st.sampled_from(["<", "a", ">", "/", "li", "ul", "!--", "&", "#", ";", "x", "style", '"'])
    ).map("".join)
)
def test_any_html_is_read(html: str) -> None:
    assert "\0" not in plain(html).text


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["MC", "Matrix", "SBS", "DD", "Slider", "PGR", "RO", "CS", "TE", "NPS", "q://QID1/SelectableChoice/1"]
    )
    | st.sampled_from([[], {}, [1, [2]], {"0": {"0": {}}}, {"1": "x"}, ["QID1"], "\ud800\0", "a ~ b ~ c"])
)


@st.composite
def broken(draw: st.DrawFn, document: st.SearchStrategy[SurveyDocument]) -> bytes:
    """A file of ours in which some places hold something else, are gone, or are doubled."""
    file = json.loads(write_qsf(draw(document), "Broken", SURVEY))
    for _ in range(draw(st.integers(1, 15))):
        places = list(_places(file))
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        action = draw(st.integers(0, 3))
        if action < 2:
            holder[key] = draw(ODD)
        elif action == 2:
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[f"{key}x"] = holder.pop(key)
    return json.dumps(file).encode()


def _places(value: Any) -> Any:
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from _places(value[key])


@SMALL
@given(broken(documents()))
def test_a_broken_file_ends_in_a_report_and_what_is_left_can_be_published(content: bytes) -> None:
    try:
        survey = read_qsf(content)
    except QsfUnreadable as error:
        assert str(error).endswith((".", ")"))
        return
    done = to_document(survey)
    report = done.report.as_json()
    assert report["questions"] == len(survey.questions) == sum(report[outcome.value] for outcome in Outcome)
    assert all(item.reason for item in done.report.items if item.outcome is not Outcome.TAKEN)
    problems = {one.reason for one in validate_document(done.document)}
    assert problems <= {DocumentReason.NO_QUESTION}
    assert to_document(read_qsf(write_qsf(done.document, done.name, SURVEY))).document == done.document
