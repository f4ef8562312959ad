"""What the tests of pages share: an environment that needs no built assets, and one moment."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import DictLoader

from opulse.web.components.frame import MailSwitch, RequestContext, Viewer
from opulse.web.components.manifest import AssetManifest
from opulse.web.layout import Pages, make_environment

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("console.css", "console.js", "theme.js", "icons.svg", "logo.svg", "respondent.css", "respondent.js")


@pytest.fixture(scope="session")
def icons() -> frozenset[str]:
    """The names that the sprite is built from."""
    return frozenset(json.loads((ROOT / "assets" / "icons.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def manifest(icons: frozenset[str]) -> AssetManifest:
    """As the build would write it."""
    return AssetManifest({name: name.replace(".", ".abc123.") for name in NAMES}, icons)


@pytest.fixture
def now() -> datetime:
    """The moment at which every page is rendered."""
    return datetime(2026, 11, 23, 8, 36, tzinfo=UTC)


@pytest.fixture
def pages(manifest: AssetManifest, tmp_path: Path) -> Pages:
    """The real environment with one page of a stage named `sample`."""
    (tmp_path / "show.html").write_text(
        '{% extends "layout.html" %}{% block title %}Sample{% endblock %}'
        "{% block content %}{{ ui.page_header(page.title) }}"
        '{% block live %}<p id="live">{{ page.sent|number }} {{ ui.badge("running") }}</p>{% endblock %}{% endblock %}',
        encoding="utf-8",
    )
    return Pages(make_environment({"sample": tmp_path}, manifest))


@pytest.fixture
def frame(now: datetime) -> Callable[..., RequestContext]:
    """Makes the frame of a signed-in administrator in Berlin."""

    def make(path: str = "/activations/1", locale: str = "en") -> RequestContext:
        viewer = Viewer("Maya Rao", "maya@example.org", "admin", "Contoso")
        return RequestContext(
            path, now, locale, "Europe/Berlin", viewer, MailSwitch("paused"), {"activations": 2}
        )

    return make


@pytest.fixture
def piece(pages: Pages, frame: Callable[..., RequestContext]) -> Callable[..., str]:
    """Renders one line of template the way a page would: `piece("{{ page.n }}", n=1)`."""

    def render(source: str, locale: str = "en", **names: object) -> str:
        overlay = pages.environment.overlay(loader=DictLoader({"piece.html": source}))
        return Pages(overlay).render(frame(locale=locale), "piece.html", SimpleNamespace(**names))

    return render
