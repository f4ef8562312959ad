"""The checkout as the house rules see it: tracked files, modules, stages, syntax trees."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/opulse"
WINGS = ("monitoring", "experience")


@cache
def tracked_files() -> tuple[Path, ...]:
    """What git knows of, and what it would take if asked now; files that are ignored or deleted are neither."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def modules() -> Iterator[Path]:
    """The product's own Python files."""
    return (path for path in tracked_files() if path.suffix == ".py" and path.is_relative_to(SOURCE))


def room(path: Path) -> str:
    """Where a module stands, as a reader says it: ``monitoring/sensors/store.py``."""
    return str(path.relative_to(SOURCE))


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, wherever in the file: ``from a.b import c`` gives ``a.b`` and ``a.b.c``."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = _absolute(path, node)
            yield node.lineno, package
            yield from ((node.lineno, f"{package}.{alias.name}") for alias in node.names)


def stages() -> Iterator[Path]:
    """The stage packages of both wings."""
    for wing in WINGS:
        for folder in sorted((SOURCE / wing).glob("*/")):
            if any(path.is_relative_to(folder) for path in modules()):
                yield folder


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = path.relative_to(SOURCE.parent).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])
