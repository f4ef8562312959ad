"""The dashboard and the alerts ask for metrics and labels that exist; a panel that is always empty helps nobody at night."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from opulse.observe.metrics import PREFIX, list_metrics
from tests.house.tree import ROOT

FOLDER = ROOT / "deploy" / "grafana"
BOARD: dict[str, Any] = json.loads((FOLDER / "opulse.json").read_text(encoding="utf-8"))
RULES: dict[str, Any] = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
SELECTOR = re.compile(r"\b([a-z][a-z0-9_]*_[a-z0-9_]+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
FUNCTIONS = {"histogram_quantile", "label_values"}
FROM_PROMETHEUS = {"instance", "job", "le"}


def expressions() -> Iterator[tuple[str, str]]:
    """(where it stands, PromQL)."""
    for panel in BOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def known_series() -> dict[str, set[str]]:
    """Every name that a scrape of one of our processes has, with its labels."""
    ours = {series: set(metric.labels) for metric in list_metrics() for series in metric.series}
    process = {
        sample.name: set(sample.labels)
        for family in REGISTRY.collect()
        if not family.name.startswith(PREFIX)
        for sample in family.samples
    }
    return process | ours


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_names_only_what_exists(where: str, expression: str) -> None:
    known = known_series()
    found = [(name, labels) for name, labels in SELECTOR.findall(expression) if name not in FUNCTIONS]
    assert found, where
    allowed = set(FROM_PROMETHEUS)
    for name, labels in found:
        assert name in known or name in {label for one in known.values() for label in one}, name
        allowed |= known.get(name, set())
        assert (
            set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', labels)) <= known.get(name, set()) | FROM_PROMETHEUS
        )
    grouped = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    assert grouped <= allowed


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    asked = " ".join(expression for _, expression in expressions())
    assert [one.name for one in list_metrics() if not any(name in asked for name in one.series)] == []


def test_panels_have_their_own_ids_and_places() -> None:
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
