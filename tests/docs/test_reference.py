"""docs/reference says what the code is: made parts are as they would be made now, and nothing that can be listed is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from opulse.cli.main import app as command
from opulse.settings import PREFIX, SECRETS, Settings
from opulse.templating.variables import NOTIFICATION_VARIABLES
from tests.docs.markdown import name
from tests.edges.matrix.routes import walk
from tests.house.tree import ROOT, modules
from tools.make_reference import PAGES, PART, application, parts, renewed
from tools.reference_states import STATES, states_of

FILES = sorted(PAGES.glob("*.md"))


@pytest.mark.parametrize("page", FILES, ids=name)
def test_made_parts_are_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == renewed(text), "run `.venv/bin/python -m tools.make_reference`"


def test_everything_that_can_be_made_stands_on_a_page() -> None:
    written = [found["name"] for page in FILES for found in PART.finditer(page.read_text(encoding="utf-8"))]
    assert sorted(written) == sorted(parts())


def test_every_json_route_stands_on_its_page_with_a_guard() -> None:
    text = (PAGES / "api.md").read_text(encoding="utf-8")
    for route in walk(application()):
        if route.is_page and not route.path.startswith(("/healthz", "/readyz", "/metrics", "/openapi.json")):
            continue
        rows = [
            line
            for line in text.splitlines()
            if re.search(rf"^\| `[A-Z, ]*\b{route.method}\b[A-Z, ]* {re.escape(route.path)}` ", line)
        ]
        assert len(rows) == 1, route.name
        assert rows[0].split("|")[2].strip(), route.name


def test_every_option_and_every_secrets_file_stands_on_its_page() -> None:
    text = (PAGES / "settings.md").read_text(encoding="utf-8")
    options = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(rf"^\| `({PREFIX}\w+)`", text, re.MULTILINE)) == options
    assert set(re.findall(rf"`{PREFIX}(\w+)_FILE`", text)) - {"FAULT"} == {
        secret.upper() for secret in SECRETS
    }


def test_every_verb_stands_on_its_page() -> None:
    text = (PAGES / "cli.md").read_text(encoding="utf-8")
    group = typer.main.get_command(command)
    assert set(re.findall(r"^## opulse (\w+)$", text, re.MULTILINE)) == set(group.commands)  # type: ignore[attr-defined]


def test_every_variable_of_the_webhook_stands_on_its_page() -> None:
    text = (PAGES / "webhook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `@\{(\w+)\}`", text, re.MULTILINE)) == set(NOTIFICATION_VARIABLES)


def test_every_rule_and_stage_that_is_counted_stands_on_the_page_of_metrics() -> None:
    text = (PAGES / "metrics.md").read_text(encoding="utf-8")
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules())
    for metric, label in (("DECISIONS", "rule"), ("STAGE_SECONDS", "stage")):
        (head,) = re.findall(rf"^\| `{label}` \|.*?(?=^\n|\Z)", text, re.MULTILINE | re.DOTALL)
        counted = set(re.findall(rf'\b{metric}\.labels\(\s*"(\w+)"', source))
        assert set(re.findall(r"^\| `(\w+)` \|", head, re.MULTILINE)) - {label} == counted


@pytest.mark.parametrize("kind", STATES)
def test_every_state_and_reason_has_its_sentence(kind: str) -> None:
    rows = list(states_of(kind))
    assert len(rows) == len(STATES[kind])
    assert [word for word, sentence in rows if len(sentence) < 5] == []


def test_no_options_of_the_installation_are_named_that_do_not_exist() -> None:
    """Neither by a page nor by a deploy file."""
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    known |= {f"{PREFIX}{secret.upper()}_FILE" for secret in SECRETS}
    known |= {f"{PREFIX}AGENT_KEY", f"{PREFIX}AGENT_SERVER"}
    deployed = [path for path in sorted((ROOT / "deploy").rglob("*")) if path.is_file()]
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *deployed]
    named = {
        (name(page), word)
        for page in pages
        for word in re.findall(r"OPULSE_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8"))
    }
    assert {
        (page, word) for page, word in named if word not in known and not page.startswith("docs/adr")
    } == set()
