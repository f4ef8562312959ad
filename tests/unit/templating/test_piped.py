import pytest

from opulse.templating.piped import embedded_field_pipe, event_field_pipe, parse_piped
from opulse.templating.values import pipe_text


def test_literals_and_slots() -> None:
    piped = parse_piped("Dear ${m://FirstName} ${m://LastName}, ${l://SurveyLink?d=Take%20the survey}!")
    assert piped.literals == ("Dear ", " ", ", ", "!")
    assert [slot.key for slot in piped.slots] == ["m://FirstName", "m://LastName", "l://SurveyLink"]
    assert [slot.words for slot in piped.slots] == [None, None, "Take the survey"]
    assert piped.only_slot is None


@pytest.mark.parametrize(
    "text",
    ["${m:/FirstName}", "${m://}", "${M://FirstName}", "${m://First{Name}", "${m://First\nName}", "$ {m://FirstName}",
     "${m://FirstName", "@{sensorNames}", "~{aed://x}", "${}", "{{ m }}"],
)  # fmt: skip
def test_what_only_looks_like_a_pipe_is_text(text: str) -> None:
    piped = parse_piped(text)
    assert piped.slots == ()
    assert piped.literals == (text,)


def test_a_field_of_the_event_is_written_in_two_ways() -> None:
    ours, theirs = parse_piped("${a://Field/Systems URL}"), parse_piped(" ~{aedj://Systems URL}\n")
    assert ours.only_slot is not None and theirs.only_slot is not None
    assert ours.only_slot.key == theirs.only_slot.key == "a://Field/Systems URL"
    assert str(theirs) == " ~{aedj://Systems URL}\n"


def test_a_name_may_hold_most_characters() -> None:
    for name in ("Systems URL", "Is it slow?", "100% sure", "a/b://c", "名前"):
        slot = parse_piped(event_field_pipe(name)).only_slot
        assert slot is not None and slot.key == f"a://Field/{name}"
    assert embedded_field_pipe("lastAlarm") == "${e://Field/lastAlarm}"
    for name in ("", "a}b", "a\nb", "x?d=y", "x" * 201):
        with pytest.raises(ValueError):
            event_field_pipe(name)


def test_fill_takes_values_as_they_are_and_nothing_for_none() -> None:
    piped = parse_piped("${e://Field/a}|${e://Field/b}|${e://Field/a}")
    values = {"e://Field/a": "${e://Field/b} <&>"}
    assert piped.fill(lambda slot: values.get(slot.key)) == "${e://Field/b} <&>||${e://Field/b} <&>"
    assert piped.keys == ("e://Field/a", "e://Field/b")


def test_a_long_run_of_openings_is_parsed_quickly() -> None:
    text = "${m://" * 50_000
    assert str(parse_piped(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (None, ""), (True, "true"), (1.5, "1.5"), (["A", "B, C", 3], "A, B, C, 3"), ([], ""),
     ({"a": [1, "é"]}, '{"a":[1,"é"]}'), ([{"a": 1}], '[{"a":1}]'), ([None, "A"], ", A")],
)  # fmt: skip
def test_the_text_of_a_json_value(value: object, text: str) -> None:
    assert pipe_text(value) == text
