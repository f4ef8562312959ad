"""Prometheus rule files become sensors; what is no alert is counted or said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opulse.cli.main import app
from opulse.monitoring.sources.prometheus_rules import RuleProblem, read_rules
from opulse.wire.errors import UnreadableBody

RULES = """
groups:
- name: nodes
  interval: 30s
  rules:
  - record: job:up:sum
    expr: sum(up)
  - alert: NodeDown
    expr: up == 0
    for: 5m
    labels: {severity: page}
    annotations:
      summary: "{{ $labels.instance }} of {{ $labels.job }} is down"
  - alert: DiskFills
    expr: |
      predict_linear(node_filesystem_free_bytes[1h],
        4 * 3600) < 0
    for: 1h
    labels: {severity: warning}
  - alert: diskfills
    expr: node_filesystem_free_bytes < 1e9
    labels: {severity: critical}
- name: empty
  rules:
- name: odd
  rules:
  - alert: ""
    expr: x
  - alert: NoExpression
  - just a text
  - alert: BadLabels
    expr: x
    labels: [a]
"""


def test_alerts_become_sensors_and_those_of_one_name_become_one() -> None:
    read = read_rules(RULES)
    assert [(rule.name, rule.category, rule.severity, rule.alerts) for rule in read.rules] == [
        ("NodeDown", "nodes", 8, 1),
        ("DiskFills", "nodes", 8, 2),
    ]
    assert read.rules[0].help == "… of … is down"
    assert read.rules[1].help == (
        "Fires while predict_linear(node_filesystem_free_bytes[1h], 4 * 3600) < 0 for 1h"
    )
    assert read.recording == 1
    assert [(one.where, one.problem) for one in read.left] == [
        ("odd, rule 1", RuleProblem.NAME),
        ("odd, rule 2", RuleProblem.MALFORMED),
        ("odd, rule 3", RuleProblem.MALFORMED),
        ("odd, rule 4", RuleProblem.MALFORMED),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("groups: [", r"not YAML \(without merge keys\) in line"),
        ("", "list of groups"),
        ("a: &a {b: 1}\ngroups: [{<<: *a}]", "without merge keys"),
        ("- a", "list of groups"),
        ("groups: [7]", "each group"),
        ("groups: [{name: a, rules: 7}]", "each group"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ("a: " + "b" * 2_000_000, "at most 2,000,000 bytes"),
    ],
)
def test_what_is_no_rule_file_is_unreadable(text: str, why: str) -> None:
    with pytest.raises(UnreadableBody, match=why):
        read_rules(text)


def test_aliases_do_not_multiply_without_end() -> None:
    bomb = "a: &a [{alert: X, expr: y}" + ", {alert: X, expr: y}" * 99 + "]\n"
    bomb += "groups: [" + ", ".join(["{name: g, rules: *a}"] * 1000) + "]"
    with pytest.raises(UnreadableBody, match="at most 5,000 rules"):
        read_rules(bomb)


def test_the_command_looks_at_a_file_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RULES)
    done = CliRunner().invoke(app, ["import", "prometheus-rules", str(file), "--check", "--json"])
    assert done.exit_code == 1, "some rules were left"
    told = json.loads(done.stdout)
    assert (told["added"], told["recording"], len(told["left"])) == (["NodeDown", "DiskFills"], 1, 4)
    file.write_text("groups: [{name: g, rules: [{alert: A, expr: x}]}]")
    done = CliRunner().invoke(app, ["import", "prometheus-rules", str(file), "--check"])
    assert (done.exit_code, done.stdout) == (
        0,
        "+ A\n1 sensor would be added, 0 known already, 0 rules left, 0 recording rules.\n",
    )


def test_the_command_takes_several_files(tmp_path: Path) -> None:
    files = [tmp_path / "one.yml", tmp_path / "other.yml"]
    files[0].write_text("groups: [{name: g, rules: [{alert: A, expr: x}, {record: r, expr: y}]}]")
    files[1].write_text("groups: [{name: h, rules: [{alert: a, expr: x}, {alert: B, expr: x}, {alert: C}]}]")
    done = CliRunner().invoke(app, ["import", "prometheus-rules", *map(str, files), "--check", "--json"])
    assert json.loads(done.stdout) == {
        "checked_only": True,
        "added": ["A", "B"],
        "known": ["a"],
        "left": [{"where": "other.yml: h, rule 3", "reason": "malformed", "detail": "C has no expr."}],
        "recording": 1,
    }


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("a: 1", ["--check"], "list of groups"),
        ("groups: []", [], "--server and a key"),
        ("groups: []", ["--server", "http://127.0.0.1:9"], "asks for a key"),
        ("groups: []", ["--server", "http://127.0.0.1:9", "--key", "k"], "does not answer"),
    ],
)
def test_the_command_says_in_a_line_what_is_wrong(
    tmp_path: Path, text: str, options: list[str], why: str
) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(text)
    done = CliRunner().invoke(app, ["import", "prometheus-rules", str(file), *options])
    assert done.exit_code == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
