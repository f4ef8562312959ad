"""Formats, charts, navigation, tones and built files: plain functions and one small application."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from opulse.web.access import Role
from opulse.web.components import charts, formats, navigation, tones
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import AssetManifest, AssetsMissing, load_manifest


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


def test_moments_are_shown_in_the_viewers_zone_and_carry_utc(now: datetime) -> None:
    text = formats.format_moment("en", "Europe/Berlin", now)
    assert "09:36" in text and 'datetime="2026-11-23T08:36:00+00:00"' in text
    assert ">09:36<" in formats.format_clock("ar", "Europe/Berlin", now)
    assert ">4 minutes ago<" in formats.format_ago("en", "UTC", now, now - timedelta(minutes=4))
    assert "08:36" in formats.format_moment("en", "No/Such_Zone", now)
    assert formats.format_moment("en", "UTC", None) == formats.ABSENT


@pytest.mark.parametrize(
    ("header", "locale"), [("de-AT,de;q=0.9", "de_AT"), ("xx, ar;q=0.8", "ar"), ("", "en"), ("*", "en")]
)
def test_the_browsers_first_known_language_is_taken(header: str, locale: str) -> None:
    assert formats.preferred_locale(header) == locale


def test_charts_cope_with_nothing_and_with_one_point() -> None:
    assert charts.area_chart([]).pieces == ()
    assert charts.area_chart([("now", 3)]).labels == ("now",)
    assert charts.spark_points([]) == "0,30 100,30"
    assert charts.stacked_parts([0, 0]) == [(0.0, 0.0), (0.0, 0.0)]
    assert charts.stacked_parts([1, 3]) == [(0.0, 25.0), (25.0, 75.0)]


def test_a_chart_is_broken_where_nothing_is_known() -> None:
    chart = charts.area_chart([("a", 1), ("b", 2), ("c", None), ("d", 4), ("e", None)])
    (first, _), (alone, _) = chart.pieces
    assert first == "0.00,75.00 25.00,50.00"
    assert alone == "68.75,0.00 81.25,0.00"  # a single value is a dash
    assert chart.labels == ("a", "b", "c", "d", "e")


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
