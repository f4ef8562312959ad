"""States and reasons live once, in ``models.py`` or ``wire``, and each member is defined where it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import modules, room, syntax

ENUMS = {"Enum", "StrEnum", "IntEnum"}
DECIDED = re.compile(r"(State|Reason|Resolution|Outcome|Status|Decision|Verdict)$")


def _states() -> Iterator[tuple[Path, ast.ClassDef]]:
    """Every enumeration that says where something stands or why something was decided."""
    for path in modules():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.ClassDef) and DECIDED.search(node.name) and _is_enumeration(node):
                yield path, node


def _is_enumeration(node: ast.ClassDef) -> bool:
    return any(_last_name(parent) in ENUMS for parent in node.bases)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _undefined_members(node: ast.ClassDef, lines: list[str]) -> list[str]:
    """Members with neither a comment on their line, nor one above, nor a string below."""
    undefined = []
    for place, statement in enumerate(node.body):
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        following = node.body[place + 1] if place + 1 < len(node.body) else None
        below = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        span = lines[statement.lineno - 1 : statement.end_lineno]
        beside = any("#" in re.sub(r'"[^"]*"', "", line) for line in span)
        above = lines[statement.lineno - 2].lstrip().startswith("#")
        if not (below or beside or above):
            undefined.append(statement.targets[0].id)
    return undefined


def test_every_state_and_reason_is_defined_where_it_stands() -> None:
    undefined = {
        f"{room(path)}:{node.name}": members
        for path, node in _states()
        if (members := _undefined_members(node, path.read_text().splitlines()))
    }
    assert undefined == {}, "write what the member means: a comment beside or above it, or a string below"


def test_states_live_in_models() -> None:
    """``wire`` is all models; a package ``models/`` is a room that outgrew one file."""
    astray = {
        f"{room(path)}:{node.name}"
        for path, node in _states()
        if path.stem != "models" and path.parent.name not in {"models", "wire"}
    }
    assert astray == set()


def test_no_state_has_two_homes() -> None:
    homes: dict[str, list[str]] = {}
    for path, node in _states():
        homes.setdefault(node.name, []).append(room(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
