"""What a change writes into the audit trail: before and after, unless the thing begins or ends with it.

That every route writes a row is walked by tests/edges/test_matrix_audit.py; here each place that writes one is read.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tree import modules, room, syntax

BEGINS = {
    "account_added", "added", "asked_now", "capture_started", "created", "declared", "done", "exported", "held", "imported",
    "issued", "made", "members_added", "planned", "requested", "revealed", "set", "started_by_hand", "suppressed",
    "test_sent", "tested",
}  # fmt: skip
"""Last words of actions before which there was nothing: made, or looked at."""
ENDS = {"deleted", "ended", "lifted", "member_removed", "released", "revoked", "tests_deleted", "undeclared"}
"""Last words of actions after which there is nothing."""


def test_what_was_before_is_told_unless_the_thing_begins() -> None:
    assert _without(5, BEGINS) == []


def test_what_is_after_is_told_unless_the_thing_ends() -> None:
    assert _without(6, ENDS) == []


def test_these_tests_find_the_places() -> None:
    assert sum(1 for path in modules() for _ in _calls(path)) > 50


def _without(place: int, words: set[str]) -> list[str]:
    """Calls that write None at ``place`` for an action that does not end in one of ``words``."""
    return [
        f"{room(path)}:{call.lineno} {action}"
        for path in modules()
        for call in _calls(path)
        if (action := _action(call)).rpartition(".")[2] not in words and _is_none(call, place)
    ]


def _calls(path: Path) -> list[ast.Call]:
    """``audit_in(conn, tenant, actor, action, what, before, after, now)``, wherever."""
    named = (node for node in ast.walk(syntax(path)) if isinstance(node, ast.Call))
    return [call for call in named if isinstance(call.func, ast.Name) and call.func.id == "audit_in"]


def _action(call: ast.Call) -> str:
    given = call.args[3]
    if isinstance(given, ast.JoinedStr) and isinstance(given.values[-1], ast.Constant):
        return str(given.values[-1].value)
    return str(given.value) if isinstance(given, ast.Constant) else "said elsewhere"


def _is_none(call: ast.Call, place: int) -> bool:
    if any(isinstance(one, ast.Starred) for one in call.args) or len(call.args) <= place:
        return False
    given = call.args[place]
    return isinstance(given, ast.Constant) and given.value is None
