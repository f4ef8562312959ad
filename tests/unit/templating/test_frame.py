import pytest

from opulse.templating.escape import Escape
from opulse.templating.frame import FrameSlot, Place, frame_piped, header_text
from opulse.templating.piped import parse_piped

URL = "https://pulse.example.test/s/abc?x=1&y=2"


def fill(text: str, place: Place, **values: str) -> str:
    return frame_piped(parse_piped(text), place).fill(
        {key.replace("__", "://"): value for key, value in values.items()}
    )


def test_each_place_escapes_in_its_way() -> None:
    nasty = "A&B <b>\"'\r\nBcc: x"
    assert fill("<p>${m://FirstName}</p>", Place.HTML, m__FirstName=nasty) == (
        "<p>A&amp;B &lt;b&gt;&quot;&#x27;\r\nBcc: x</p>"
    )
    assert fill("Hi ${m://FirstName}", Place.TEXT, m__FirstName=nasty) == "Hi " + nasty
    assert fill("Hi ${m://FirstName}", Place.HEADER, m__FirstName=nasty) == "Hi A&B <b>\"' Bcc: x"


def test_a_link_with_words() -> None:
    text = "Please: ${l://SurveyLink?d=Take%20<it> &amp; win}."
    assert fill(text, Place.HTML, l__SurveyURL=URL) == (
        'Please: <a href="https://pulse.example.test/s/abc?x=1&amp;y=2">Take &lt;it&gt; &amp; win</a>.'
    )
    assert fill("${l://OptOutLink?d=Unsubscribe}", Place.TEXT, l__OptOutURL=URL) == f"Unsubscribe: {URL}"
    assert fill("${l://SurveyLink?d=x}", Place.HEADER, l__SurveyURL=URL) == URL


def test_a_link_without_words_shows_its_address() -> None:
    shown = URL.replace("&", "&amp;")
    assert fill("${l://SurveyLink}", Place.HTML, l__SurveyURL=URL) == f'<a href="{shown}">{shown}</a>'
    assert fill("${l://SurveyURL}", Place.HTML, l__SurveyURL=URL) == shown
    assert fill("${l://SurveyLink}", Place.TEXT, l__SurveyURL=URL) == URL


def test_a_link_inside_an_attribute_is_its_address() -> None:
    for link in ("SurveyLink?d=words", "SurveyURL"):
        assert fill(f'<a href="${{l://{link}}}">go</a>', Place.HTML, l__SurveyURL="https://x.test/") == (
            '<a href="https://x.test/">go</a>'
        )


@pytest.mark.parametrize(
    ("value", "kept"),
    [("javascript:alert(1)", ""), (" JaVaScript:alert(1)", ""), ("java\nscript:x", ""), ("data:text/html,x", ""),
     ("https://x.test/\" onclick=\"y", ""), ("https://x.test/?a=1&b", "https://x.test/?a=1&amp;b"),
     ("mailto:a@example.test", "mailto:a@example.test")],
)  # fmt: skip
def test_a_value_in_an_address_cannot_become_a_script(value: str, kept: str) -> None:
    for opening in ('<a href="', "<a HREF = '", '<img src="'):
        assert fill(opening + "${e://Field/page}", Place.HTML, e__Field_page=value) == opening
        frame = frame_piped(parse_piped(opening + "${e://Field/page}"), Place.HTML)
        assert frame.slots == (FrameSlot("e://Field/page", Escape.HTML_URL),)
        assert frame.fill({"e://Field/page": value}) == opening + kept


def test_a_name_written_with_entities_in_html_is_the_same_name() -> None:
    assert frame_piped(parse_piped("${e://Field/R&amp;D}"), Place.HTML).keys == ("e://Field/R&D",)


def test_slots_side_by_side_and_a_key_per_value() -> None:
    frame = frame_piped(
        parse_piped("${m://FirstName}${m://LastName}${m://FirstName}${l://SurveyLink?d=a}"), Place.HTML
    )
    assert frame.keys == ("m://FirstName", "m://LastName", "l://SurveyURL")
    assert len(frame.literals) == len(frame.slots) + 1
    assert frame.fill({"m://FirstName": "A", "m://LastName": "B"}) == 'ABA<a href="">a</a>'


def test_markers_for_a_sender_that_fills_by_itself() -> None:
    frame = frame_piped(parse_piped("Hi ${m://FirstName}, ${l://SurveyLink?d=go}"), Place.HTML)
    names = {key: f"⟦s{at}⟧" for at, key in enumerate(frame.keys)}
    assert frame.marked(names.__getitem__) == 'Hi ⟦s0⟧, <a href="⟦s1⟧">go</a>'


def test_a_header_is_one_line() -> None:
    piped = parse_piped("Is it\r\nslow, ${m://FirstName}?")
    assert header_text(piped, {"m://FirstName": "Ann\nBcc: x@example.test\u2028y\x00"}) == (
        "Is it slow, Ann Bcc: x@example.test y?"
    )
