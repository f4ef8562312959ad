"""Properties of the templates: one pass, an injected template never expands, any text survives."""

import html
import json

from hypothesis import given
from hypothesis import strategies as st

from opulse.templating.body import render_body, validate_template
from opulse.templating.frame import Place, frame_piped, header_text
from opulse.templating.piped import parse_piped
from opulse.templating.variables import NOTIFICATION_VARIABLES, VariableKind, VariableValue
from opulse.wire.webhook import DEFAULT_BODY

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# Fragments that meet to form variables and pipes, inside values too.
PIECES = st.lists(
    st.sampled_from(["@{", "}", "tenantId", "groupName", "@{groupName}", '"', "\\", "\n", "${", "m://FirstName", "?d=", "~{",
                     "aedj://x", "${m://FirstName}", "${e://Field/a}", "${l://SurveyLink?d=go}", "<", "&amp;", "é", "$"])
    | TEXT,
    max_size=12,
).map("".join)  # fmt: skip


@given(PIECES, PIECES)
def test_a_value_is_put_in_once_and_never_read_again(before: str, value: str) -> None:
    variables = {"groupName": VariableKind.TEXT}
    rendered = render_body(before, {"groupName": value}, variables).body.decode()
    assert rendered == before.replace("@{groupName}", json.dumps(value, ensure_ascii=False)[1:-1])


@given(
    PIECES, st.lists(PIECES, min_size=1, max_size=4, unique=True), st.integers(-(10**9), 10**9), st.booleans()
)
def test_whatever_the_values_the_default_body_is_json_and_gives_them_back(
    text: str, names: list[str], number: int, flag: bool
) -> None:
    values: dict[VariableKind, VariableValue] = {
        VariableKind.TEXT: text,
        VariableKind.QUOTED_LIST: names,
        VariableKind.JOINED_LIST: names,
        VariableKind.NUMBER: number,
        VariableKind.BOOLEAN: flag,
    }
    rendered = render_body(
        DEFAULT_BODY, {name: values[kind] for name, kind in NOTIFICATION_VARIABLES.items()}
    )
    data = json.loads(rendered.body)["data"]
    assert (data["groupName"], data["sensorNames"]) == (text, names)
    assert (data["activationThresholdValue"], data["activationThresholdIsPercent"]) == (number, flag)


@given(PIECES)
def test_any_template_is_judged(template: str) -> None:
    assert all(
        problem.detail and problem.line >= 1 and problem.column >= 1
        for problem in validate_template(template)
    )


@given(PIECES)
def test_a_template_without_problems_always_renders_json(inside: str) -> None:
    template = '{"a":"' + inside + '"}'
    if validate_template(template) == []:
        values = {name: "x" for name, kind in NOTIFICATION_VARIABLES.items() if kind is VariableKind.TEXT}
        rendered = render_body(template, values)
        assert rendered.unknown == ()
        assert isinstance(json.loads(rendered.body), dict)


@given(PIECES)
def test_any_text_parses_and_is_written_back(text: str) -> None:
    piped = parse_piped(text)
    assert str(piped) == text
    assert len(piped.literals) == len(piped.slots) + 1


@given(PIECES, PIECES)
def test_a_piped_value_is_put_in_once_and_never_read_again(before: str, value: str) -> None:
    pipe = "${m://FirstName}"
    filled = parse_piped(before).fill(lambda slot: value if slot.written == pipe else slot.written)
    assert filled == before.replace(pipe, value)


@given(PIECES)
def test_html_keeps_every_value_and_lets_no_tag_through(value: str) -> None:
    filled = frame_piped(parse_piped("<p>${m://FirstName}</p>"), Place.HTML).fill({"m://FirstName": value})
    inside = filled.removeprefix("<p>").removesuffix("</p>")
    assert html.unescape(inside) == value
    assert not set(inside) & {"<", ">", '"', "'"}


@given(PIECES, PIECES)
def test_a_header_has_one_line_and_no_controls(text: str, value: str) -> None:
    made = header_text(parse_piped(text), {"m://FirstName": value, "e://Field/a": value})
    assert not any(character < " " or character in "\x7f\x85\u2028\u2029" for character in made)


@given(PIECES, PIECES)
def test_text_loses_nothing(before: str, value: str) -> None:
    frame = frame_piped(parse_piped(before), Place.TEXT)
    made = frame.fill(dict.fromkeys(frame.keys, value))
    assert len(made) == sum(map(len, frame.literals)) + len(value) * len(frame.slots)
    assert all(literal in made for literal in frame.literals)


@given(PIECES)
def test_marked_and_filled_agree(text: str) -> None:
    frame = frame_piped(parse_piped(text), Place.TEXT)
    assert frame.marked(str.upper) == frame.fill({key: key.upper() for key in frame.keys})
