"""The frame, the macros and the formats, rendered for real; the built assets are not needed."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import DictLoader, Environment, UndefinedError
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from opulse.web.access import Caller, Role
from opulse.web.components import charts, formats, navigation, tones
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.flashes import COOKIE, see_other
from opulse.web.components.frame import Flash, FrameFacts, MailSwitch, RequestContext, Viewer
from opulse.web.components.manifest import AssetManifest, AssetsMissing, load_manifest
from opulse.web.layout import TEMPLATE_DIR, Pages, make_environment, page, show_error

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 23, 8, 36, tzinfo=UTC)
ICONS = frozenset(json.loads((ROOT / "assets" / "icons.json").read_text(encoding="utf-8")))
FILES = ("console.css", "console.js", "theme.js", "icons.svg", "logo.svg", "respondent.css", "respondent.js")


@dataclass(frozen=True)
class Sample:
    """A page's context."""

    title: str = "Disk <full>"
    sent: int = 1284


@pytest.fixture(scope="module")
def manifest() -> AssetManifest:
    return AssetManifest({name: name.replace(".", ".abc123.") for name in FILES}, ICONS)


@pytest.fixture
def pages(manifest: AssetManifest, tmp_path: Path) -> Pages:
    (tmp_path / "show.html").write_text(
        '{% extends "layout.html" %}{% block title %}Sample{% endblock %}'
        "{% block content %}{{ ui.page_header(page.title) }}"
        '{% block live %}<p id="live">{{ page.sent|number }} {{ ui.badge("running") }}</p>{% endblock %}{% endblock %}',
        encoding="utf-8",
    )
    return Pages(make_environment({"sample": tmp_path}, manifest))


def frame(path: str = "/activations/1", locale: str = "en", role: str = "admin") -> RequestContext:
    viewer = Viewer("Maya Rao", "maya@example.org", role, "Contoso")
    return RequestContext(
        path, NOW, locale, "Europe/Berlin", viewer, MailSwitch("paused"), {"activations": 2}
    )


def piece(environment: Environment, source: str, locale: str = "en", **names: object) -> str:
    """Renders one line of template the way a page would, inside a page."""
    loader = DictLoader({"piece.html": "{% block piece %}" + source + "{% endblock %}"})
    overlay = environment.overlay(loader=loader)
    return Pages(overlay).render(frame(locale=locale), "piece.html", SimpleNamespace(**names))


def test_a_page_stands_in_the_frame_and_is_escaped(pages: Pages) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    assert "<title>Sample · Operational Pulse</title>" in text
    assert "Disk &lt;full&gt;" in text and "<full>" not in text
    assert 'href="/activations" aria-current="page"' in text
    assert "/static/dist/console.abc123.css" in text
    assert "Mail is paused" in text and "Maya Rao" in text


def test_the_frame_has_the_landmarks_and_names_that_assistive_technology_needs(pages: Pages) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    for part in (
        'href="#main"',
        '<main class="op-content" id="main"',
        '<nav class="op-nav" aria-label="Main"',
        "<header",
    ):
        assert part in text
    assert text.count("<h1") == 1
    assert 'popovertarget="sidebar"' in text  # the menu of small screens opens without script


def test_nothing_in_the_frame_needs_an_inline_script_or_style(pages: Pages) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text and " style=" not in text and " onclick=" not in text


@pytest.mark.parametrize("path", sorted(TEMPLATE_DIR.rglob("*.html")), ids=lambda path: path.name)
def test_no_shared_template_carries_inline_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\s(style|on[a-z]+)=", text)


def test_a_block_is_rendered_alone_for_a_live_stream(pages: Pages) -> None:
    text = pages.render_block(frame(), "sample/show.html", "live", Sample(sent=7))
    assert text.startswith('<p id="live">7 ') and "Running" in text
    assert "<html" not in text


def test_an_unknown_name_in_a_template_is_an_error(pages: Pages) -> None:
    with pytest.raises(UndefinedError):
        piece(pages.environment, "{{ page.absent }}")


def test_right_to_left_languages_turn_the_page(pages: Pages) -> None:
    assert '<html lang="ar" dir="rtl">' in pages.render(frame(locale="ar"), "sample/show.html", Sample())
    assert '<html lang="de" dir="ltr">' in pages.render(frame(locale="de"), "sample/show.html", Sample())


def test_formats_follow_the_locale_of_the_page_that_is_rendered(pages: Pages) -> None:
    source = "{{ page.n|number }} {{ 0.136|percent(1) }}"
    assert piece(pages.environment, source, n=12345) == "12,345 13.6%"
    assert piece(pages.environment, source, "de", n=12345) == "12.345 13,6\xa0%"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (2.44, "2.4 sec"),
        (131, "2 min 11 sec"),
        (timedelta(hours=26, minutes=5), "1 day 2 hr"),
        (0, "0 sec"),
        (None, "–"),
    ],
)
def test_durations_show_their_two_largest_units(span: timedelta | float | None, words: str) -> None:
    assert formats.format_span("en", span) == words


def test_moments_are_shown_in_the_viewers_zone_and_carry_utc() -> None:
    text = formats.format_moment("en", "Europe/Berlin", NOW)
    assert "09:36" in text and 'datetime="2026-11-23T08:36:00+00:00"' in text
    assert ">09:36<" in formats.format_clock("ar", "Europe/Berlin", NOW)
    assert ">4 minutes ago<" in formats.format_ago("en", "UTC", NOW, NOW - timedelta(minutes=4))
    assert "08:36" in formats.format_moment("en", "No/Such_Zone", NOW)
    assert formats.format_moment("en", "UTC", None) == formats.ABSENT


@pytest.mark.parametrize(
    ("header", "locale"), [("de-AT,de;q=0.9", "de_AT"), ("xx, ar;q=0.8", "ar"), ("", "en"), ("*", "en")]
)
def test_the_browsers_first_known_language_is_taken(header: str, locale: str) -> None:
    assert formats.preferred_locale(header) == locale


def test_every_macro_is_in_the_index_and_the_index_knows_no_other(pages: Pages) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (TEMPLATE_DIR / "macros").glob("*.html")]
    made = {name for text in sources for name in re.findall(r"{% macro ([a-z]\w*)", text)}
    index = (TEMPLATE_DIR / "macros.html").read_text(encoding="utf-8")
    assert made == set(re.findall(r"{% set (\w+) =", index))


def test_every_icon_and_state_named_in_templates_exists() -> None:
    named = {
        name
        for path in (ROOT / "src" / "opulse").rglob("*.html")
        for name in re.findall(r"""\bicon\("([a-z0-9-]+)""", path.read_text(encoding="utf-8"))
    }
    named |= {item.icon for section in navigation.NAVIGATION for item in section.items}
    assert named <= ICONS


def test_a_field_ties_hint_and_error_to_its_input(pages: Pages) -> None:
    source = '{{ ui.field("url", "URL", hint="https only", error="Enter it", required=True, extra={"maxlength": 9}) }}'
    text = piece(pages.environment, source)
    assert '<label class="form-label" for="url">' in text
    assert 'aria-invalid="true"' in text and 'aria-describedby="url-hint url-error"' in text
    assert 'id="url-hint"' in text and 'id="url-error"' in text and 'maxlength="9"' in text


def test_form_parts_keep_what_was_chosen(pages: Pages) -> None:
    text = piece(pages.environment, '{{ ui.select("m", "Method", ["POST", "PUT"], "PUT") }}')
    assert '<option value="PUT" selected>' in text and '<option value="POST">' in text
    many = piece(
        pages.environment, '{{ ui.select("g", "Groups", [("a", "A"), ("b", "B")], ["b"], multiple=True) }}'
    )
    assert '<option value="b" selected>B' in many and '<option value="a">A' in many
    text = piece(
        pages.environment, '{{ ui.choices("t", "Type", [("u", "User", ""), ("s", "System", "x")], "s") }}'
    )
    assert 'value="s" checked' in text and "<legend" in text
    assert 'role="switch"' in piece(pages.environment, '{{ ui.switch("on", "On", True) }}')


def test_a_locked_form_is_disabled_and_can_be_unlocked(pages: Pages) -> None:
    source = '{% call ui.lock(page.editing, "?edit=1") %}<input name="a">{% endcall %}'
    assert '<fieldset disabled><input name="a">' in piece(pages.environment, source, editing=False)
    assert piece(pages.environment, source, editing=True).strip() == '<input name="a">'


def test_a_table_without_rows_says_what_would_be_there(pages: Pages) -> None:
    source = (
        '{% call(row) ui.table(["Name", ("Count", "is-num")], page.rows, "Things", "No things") %}'
        "<td>{{ row }}</td>{% endcall %}"
    )
    assert "<table" not in piece(pages.environment, source, rows=[])
    assert "No things" in piece(pages.environment, source, rows=[])
    assert "<tr><td>a&amp;b</td></tr>" in piece(pages.environment, source, rows=["a&b"])


def test_a_dialog_posts_to_its_action_and_opens_without_script(pages: Pages) -> None:
    source = (
        '{{ ui.confirm_button("stop", "Stop") }}'
        '{{ ui.confirm_dialog("stop", "Stop?", "Sure?", "/stop", fields={"wave": 2}) }}'
    )
    text = piece(pages.environment, source)
    assert 'popovertarget="stop"' in text and '<form method="post" action="/stop">' in text
    assert '<dialog class="op-dialog" id="stop" popover' in text and 'name="wave" value="2"' in text


def test_figures_say_their_numbers_in_words_too(pages: Pages) -> None:
    text = piece(pages.environment, '{{ ui.ring(0.327, "Response rate") }}')
    assert 'aria-label="Response rate: 33%"' in text
    text = piece(pages.environment, '{{ ui.funnel([("Asked", 200), ("Answered", 50, "so far")]) }}')
    assert "25%" in text and 'max="200"' in text
    text = piece(
        pages.environment, '{{ ui.stacked_bar([("Done", 3, "green"), ("None", 0, "gray")], "Ledger") }}'
    )
    assert text.count("<rect") == 1 and "None" in text
    text = piece(pages.environment, '{{ ui.area([("08:00", 1), ("08:01", 4)], "Answers") }}')
    assert "<polyline" in text and "08:01" in text and ">4</td>" in text
    assert "<progress" in piece(pages.environment, '{{ ui.bar_row("DNS", 0, 0) }}')


def test_charts_cope_with_nothing_and_with_one_point() -> None:
    assert charts.area_chart([]).fill == ""
    assert charts.area_chart([("now", 3)]).labels == ("now",)
    assert charts.spark_points([]) == "0,30 100,30"
    assert charts.stacked_parts([0, 0]) == [(0.0, 0.0), (0.0, 0.0)]
    assert charts.stacked_parts([1, 3]) == [(0.0, 25.0), (25.0, 75.0)]


@pytest.mark.parametrize("highest", [1, 3, 7, 99, 400, 401, 1284, 99_999])
def test_the_axis_reaches_the_highest_value_in_a_few_round_steps(highest: int) -> None:
    chart = charts.area_chart([("a", 0), ("b", highest)], labels=2)
    assert chart.levels[0] == 0 and chart.levels[-1] >= highest
    assert 2 <= len(chart.levels) <= 6
    assert chart.height_of(chart.levels[-1]) == 0


def test_the_sidebar_shows_what_the_role_may_open() -> None:
    def keys(role: str) -> set[str]:
        return {item.key for section in navigation.sections_for(role) for item in section.items}

    assert "service-accounts" in keys("admin") and "service-accounts" not in keys("editor")
    assert "extensions" in keys("editor") and "extensions" not in keys("viewer")
    assert "activations" in keys("viewer")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", "overview"),
        ("/sensors/cpu", "sensors"),
        ("/admin/people", "people"),
        ("/sensorsx", ""),
        ("/why", ""),
    ],
)
def test_the_current_link_is_the_longest_that_the_path_lies_under(path: str, key: str) -> None:
    assert navigation.current_key(path) == key


def test_states_have_words_and_tones() -> None:
    assert tones.tone_of(Role.ADMIN) == "gray"
    assert (tones.tone_of("too-late"), tones.words_of("too_late")) == ("amber", "Too late")
    assert set(tones.TONE_OF_STATE.values()) <= set(tones.TONES)
    assert [tones.initials_of(name) for name in ("Maya Rao", "root", "", "a b c")] == ["MR", "R", "", "AC"]


def test_a_state_has_one_tone_only() -> None:
    listed = [state for states in tones.STATE_TONES.values() for state in states.split()]
    assert len(listed) == len(set(listed))


def test_missing_assets_say_what_to_run(manifest: AssetManifest, tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match=r"build\.mjs"):
        load_manifest(tmp_path)
    with pytest.raises(AssetsMissing, match=r"assets/icons\.json"):
        manifest.icon_address("no-such-icon")
    with pytest.raises(AssetsMissing, match="known"):
        manifest.address("nothing.css")


def test_a_written_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    written = {"files": {"a.css": "a.1.css", "icons.svg": "icons.2.svg"}, "icons": ["bolt"]}
    (tmp_path / "dist" / "manifest.json").write_text(json.dumps(written), encoding="utf-8")
    loaded = load_manifest(tmp_path)
    assert loaded.address("a.css") == "/static/dist/a.1.css"
    assert loaded.icon_address("bolt") == "/static/dist/icons.2.svg#bolt"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_built_files_are_served_for_ever_and_nothing_else(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "a.1.css").write_text("p { color: red }", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("no", encoding="utf-8")
    app = Starlette(routes=[Mount("/static", BuiltFiles(tmp_path))])
    with TestClient(app, headers={"accept-encoding": encoding}) as browser:
        found = browser.get("/static/dist/a.1.css")
        assert found.text == "p { color: red }" and found.headers["content-type"].startswith("text/css")
        assert "immutable" in found.headers["cache-control"]
        assert (found.headers.get("content-encoding") == "gzip") is (encoding == "gzip")
        assert browser.head("/static/dist/a.1.css").status_code == 200
        assert browser.post("/static/dist/a.1.css").status_code == 405
        for path in (
            "/static/secret.txt",
            "/static/dist/../secret.txt",
            "/static/dist/",
            "/static/dist/b.css",
        ):
            assert browser.get(path).status_code == 404


def test_an_icon_is_decoration_unless_it_has_a_name(pages: Pages) -> None:
    assert 'aria-hidden="true"' in piece(pages.environment, '{{ icon("bolt") }}')
    assert 'role="img" aria-label="Live &amp; well"' in piece(
        pages.environment, '{{ icon("bolt", "Live & well") }}'
    )


class Facts:
    """A source of frame facts, as bootstrap would join one."""

    async def frame_facts(self, caller: Caller) -> FrameFacts:
        return FrameFacts(
            tenant=f"Tenant {caller.tenant}", email="maya@example.org", counts={"activations": 3}
        )


def site(pages: Pages) -> TestClient:
    """A real application with one page, one form that redirects, one page that fails."""

    async def show(request: Request) -> Response:
        request.state.caller = Caller(tenant=7, role=Role.VIEWER, name="Maya Rao", locale="de")
        return await page(request, "sample/show.html", Sample(), status=200)

    async def save(request: Request) -> Response:
        return see_other("/show", "Saved <b>", "green")

    async def fail(request: Request) -> Response:
        return show_error(request, 404, "system not found", "There is no such system here.")

    routes = [Route("/show", show), Route("/save", save, methods=["POST"]), Route("/fail", fail)]
    app = Starlette(routes=routes)
    app.state.pages = pages
    app.state.frame_source = Facts()
    app.state.ports = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))
    return TestClient(app)


def test_a_page_answers_with_frame_facts_and_a_strict_policy(pages: Pages) -> None:
    with site(pages) as browser:
        answer = browser.get("/show")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "Tenant 7" in answer.text and '<html lang="de"' in answer.text and "1.284" in answer.text


def test_a_message_survives_one_redirect_and_only_one(pages: Pages) -> None:
    with site(pages) as browser:
        first = browser.post("/save")
        second = browser.get("/show")
    assert first.url.path == "/show" and "Saved &lt;b&gt;" in first.text
    assert "Saved" not in second.text


@pytest.mark.parametrize("raw", ["not base64!", "bm90IGpzb24=", "WzFd"])
def test_a_forged_message_is_ignored(pages: Pages, raw: str) -> None:
    with site(pages) as browser:
        answer = browser.get("/show", headers={"cookie": f"{COOKIE}={raw}"})
    assert answer.status_code == 200 and "op-alert" not in answer.text


def test_an_error_page_needs_no_caller(pages: Pages) -> None:
    with site(pages) as browser:
        answer = browser.get("/fail", headers={"accept-language": "ar"})
    assert answer.status_code == 404 and 'dir="rtl"' in answer.text
    assert "System not found" in answer.text and "There is no such system here." in answer.text


def test_flashes_are_shown_in_the_frame(pages: Pages) -> None:
    request = RequestContext("/", NOW, flashes=(Flash("Not sent", "red", "Stopped"),))
    text = pages.render(request, "sample/show.html", Sample(title=Markup("<i>safe</i>")))
    assert 'role="alert"' in text and "<strong>Stopped</strong>" in text and "<i>safe</i>" in text
