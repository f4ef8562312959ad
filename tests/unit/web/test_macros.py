"""The macros, rendered one by one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError

from opulse.web.components import navigation
from opulse.web.components.frame import RequestContext
from opulse.web.layout import TEMPLATE_DIR, Pages

Piece = Callable[..., str]
SOURCES = Path(__file__).resolve().parents[3] / "src" / "opulse"


@pytest.mark.parametrize("path", sorted(TEMPLATE_DIR.rglob("*.html")), ids=lambda path: path.name)
def test_no_shared_template_carries_inline_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\s(style|on[a-z]+)=", text)


def test_an_unknown_name_in_a_template_is_an_error(piece: Piece) -> None:
    with pytest.raises(UndefinedError):
        piece("{{ page.absent }}")


def test_formats_follow_the_locale_of_the_page_that_is_rendered(piece: Piece) -> None:
    source = "{{ page.n|number }} {{ 0.136|percent(1) }}"
    assert piece(source, n=12345) == "12,345 13.6%"
    assert piece(source, "de", n=12345) == "12.345 13,6\xa0%"


def test_a_constant_is_not_kept_in_the_language_of_the_first_viewer(
    pages: Pages, frame: Callable[..., RequestContext]
) -> None:
    same = Pages(pages.environment.overlay(loader=DictLoader({"piece.html": "{{ 1234.5|number(1) }}"})))
    shown = [same.render(frame(locale=locale), "piece.html", None) for locale in ("en", "de")]
    assert shown == ["1,234.5", "1.234,5"]


def test_every_macro_is_in_the_index_and_the_index_knows_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (TEMPLATE_DIR / "macros").glob("*.html")]
    made = {name for text in sources for name in re.findall(r"{% macro ([a-z]\w*)", text)}
    index = (TEMPLATE_DIR / "macros.html").read_text(encoding="utf-8")
    assert made == set(re.findall(r"{% set (\w+) =", index))


def test_every_icon_and_state_named_in_templates_exists(icons: frozenset[str]) -> None:
    named = {
        name
        for path in SOURCES.rglob("*.html")
        for name in re.findall(r"""\bicon\("([a-z0-9-]+)""", path.read_text(encoding="utf-8"))
    }
    named |= {item.icon for section in navigation.NAVIGATION for item in section.items}
    assert named <= icons


def test_a_field_ties_hint_and_error_to_its_input(piece: Piece) -> None:
    source = '{{ ui.field("url", "URL", hint="https only", error="Enter it", required=True, extra={"maxlength": 9}) }}'
    text = piece(source)
    assert '<label class="form-label" for="url">' in text
    assert 'aria-invalid="true"' in text and 'aria-describedby="url-hint url-error"' in text
    assert 'id="url-hint"' in text and 'id="url-error"' in text and 'maxlength="9"' in text


def test_form_parts_keep_what_was_chosen(piece: Piece) -> None:
    text = piece('{{ ui.select("m", "Method", ["POST", "PUT"], "PUT") }}')
    assert '<option value="PUT" selected>' in text and '<option value="POST">' in text
    many = piece('{{ ui.select("g", "Groups", [("a", "A"), ("b", "B")], ["b"], multiple=True) }}')
    assert '<option value="b" selected>B' in many and '<option value="a">A' in many
    text = piece('{{ ui.choices("t", "Type", [("u", "User", ""), ("s", "System", "x")], "s") }}')
    assert 'value="s" checked' in text and "<legend" in text
    assert 'role="switch"' in piece('{{ ui.switch("on", "On", True) }}')


def test_a_locked_form_is_disabled_and_can_be_unlocked(piece: Piece) -> None:
    source = '{% call ui.lock(page.editing, "?edit=1") %}<input name="a">{% endcall %}'
    assert '<fieldset disabled><input name="a">' in piece(source, editing=False)
    assert piece(source, editing=True).strip() == '<input name="a">'


def test_a_table_without_rows_says_what_would_be_there(piece: Piece) -> None:
    source = (
        '{% call(row) ui.table(["Name", ("Count", "is-num")], page.rows, "Things", "No things") %}'
        "<td>{{ row }}</td>{% endcall %}"
    )
    assert "<table" not in piece(source, rows=[])
    assert "No things" in piece(source, rows=[])
    assert "<tr><td>a&amp;b</td></tr>" in piece(source, rows=["a&b"])


def test_a_dialog_posts_to_its_action_and_opens_without_script(piece: Piece) -> None:
    source = (
        '{{ ui.confirm_button("stop", "Stop") }}'
        '{{ ui.confirm_dialog("stop", "Stop?", "Sure?", "/stop", fields={"wave": 2}) }}'
    )
    text = piece(source)
    assert 'popovertarget="stop"' in text and '<form method="post" action="/stop">' in text
    assert '<dialog class="op-dialog" id="stop" popover' in text and 'name="wave" value="2"' in text


def test_figures_say_their_numbers_in_words_too(piece: Piece) -> None:
    text = piece('{{ ui.ring(0.327, "Response rate") }}')
    assert 'aria-label="Response rate: 33%"' in text
    text = piece('{{ ui.funnel([("Asked", 200), ("Answered", 50, "so far")]) }}')
    assert "25%" in text and 'max="200"' in text
    text = piece('{{ ui.stacked_bar([("Done", 3, "green"), ("None", 0, "gray")], "Ledger") }}')
    assert text.count("<rect") == 1 and "None" in text
    text = piece('{{ ui.area([("08:00", 1), ("08:01", 4)], "Answers") }}')
    assert "<polyline" in text and "08:01" in text and ">4</td>" in text
    assert "<progress" in piece('{{ ui.bar_row("DNS", 0, 0) }}')


def test_an_icon_is_decoration_unless_it_has_a_name(piece: Piece) -> None:
    assert 'aria-hidden="true"' in piece('{{ icon("bolt") }}')
    assert 'role="img" aria-label="Live &amp; well"' in piece('{{ icon("bolt", "Live & well") }}')
