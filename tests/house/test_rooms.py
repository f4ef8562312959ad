"""How a line of code knows its room: words that belong to one place, and names that say what is inside."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.tree import (
    ROOT,
    SOURCE,
    WINGS,
    imports,
    modules,
    project,
    room,
    stages,
    syntax,
    tracked_files,
)

LONGEST = 300
REASON = re.compile(r"^# over 300 lines: \S.{15,}", re.MULTILINE)
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

# Who may open connections, beside the two rooms that exist for it: programs that stand outside the product and use it,
# the one module that binds the address that is served, and the one that tells the database's sockets when to give up.
NETWORK = ("outbound/", "mail/", "agent/", "emulators/", "cli/", "bootstrap/server.py", "db/keepalive.py")
NETWORK_MODULES = {"httpx2", "aiohttp", "requests", "socket", "smtplib", "urllib.request", "http.client"}

# The product's settings, and those of the agent's own command, which knows nothing of the product.
SETTINGS = ("settings.py", "agent/command.py")

# Where a failure of any kind must be met, so that one bad job, request or unit takes no other with it.
CATCH_ALL = (
    "jobs/worker.py",
    "jobs/stream_worker.py",
    "jobs/running.py",
    "web/",
    "db/sqlite.py",
    "db/grouped.py",
    "experience/distributions/flow/rounds.py",
    "experience/distributions/flow/burst.py",
    "mail/inbound/server.py",  # a mail that could not be taken is asked for again, not lost
)


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    too_long = {
        room(path): count
        for path in modules()
        if (count := len((text := path.read_text()).splitlines())) > LONGEST and not REASON.search(text)
    }
    assert too_long == {}, f"split by idea, or say why not in a line '# over {LONGEST} lines: <reason>'"


def test_names_say_what_is_inside() -> None:
    empty = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix == ".py"
        and EMPTY_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    assert empty == []


def test_only_the_clock_reads_the_time() -> None:
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert _calls(readers, allowed=("clock.py",)) == []


def test_only_settings_read_the_environment() -> None:
    found = [
        f"{room(path)}:{node.lineno}"
        for path in modules()
        if room(path) not in SETTINGS
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and _dotted(node) in {"os.environ", "os.environb", "os.getenv"}
    ]
    assert found == []


def test_only_stores_and_views_ask_the_database() -> None:
    """``db`` and ``jobs`` are below every stage; their own tables are theirs."""
    statements = {"select", "insert", "update", "delete"}
    found = [
        f"{room(path)}:{line}"
        for path in modules()
        if not _is_room(path, "store", "views") and not room(path).startswith(("db/", "jobs/"))
        for line, name in imports(path)
        if name in {f"sqlalchemy.{word}" for word in statements}
    ]
    assert found == []


def test_only_some_rooms_open_connections() -> None:
    found = [
        f"{room(path)}:{line} imports {name}"
        for path in modules()
        if not room(path).startswith(NETWORK)
        for line, name in imports(path)
        if name in NETWORK_MODULES
    ]
    assert found == []


def test_only_named_edges_catch_everything() -> None:
    found = [
        f"{room(path)}:{node.lineno}"
        for path in modules()
        if not room(path).startswith(CATCH_ALL)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    ]
    assert found == []


def test_a_store_is_private_to_its_stage() -> None:
    found = [
        f"{room(path)}:{line} imports {name}"
        for path in modules()
        for line, name in imports(path)
        if (owner := _owner_of_store(name)) is not None and not _module_name(path).startswith(f"{owner}.")
    ]
    assert sorted(set(found)) == []


def test_every_stage_stands_in_the_contract_of_its_wing() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    named = {layer.strip("()") for contract in contracts for layer in contract.get("layers", [])}
    missing = [
        name for folder in stages() if (name := f"opulse.{folder.parent.name}.{folder.name}") not in named
    ]
    assert missing == []


def test_every_folder_with_modules_is_a_package() -> None:
    """Import contracts do not see what lies in a folder without ``__init__.py``."""
    folders = {
        path.parent for path in modules() if "migrations" not in path.parts
    }  # Alembic loads those by path
    assert sorted(room(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_a_stage_says_what_comes_in_and_what_goes_out() -> None:
    silent = []
    for folder in stages():
        if not (folder / "__init__.py").is_file():
            silent.append(room(folder))
            continue
        tree = syntax(folder / "__init__.py")
        exports = any(isinstance(node, ast.Assign) and _targets(node) == ["__all__"] for node in tree.body)
        if not ast.get_docstring(tree) or not (exports or folder.name == "extensions"):
            silent.append(room(folder))
    assert silent == [], "the stage's __init__.py has one paragraph and __all__"


def test_nothing_is_left_unfinished_or_unchecked() -> None:
    marks = re.compile(
        r"TO[D]O|FI[X]ME|XX[X]|NotImplemented[E]rror|pragma: no[ ]cover|type: ignor[e](?!\[)|no[q]a(?!: [A-Z])"
        r"|mark\.(?:ski[p]|xfai[l])(?!.*reason=)"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path.suffix in {".py", ".mjs", ".html"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_the_two_wings_are_where_these_tests_look() -> None:
    """Else a moved folder would make every test above pass on nothing."""
    assert len(list(modules())) > 20
    assert {folder.parent.name for folder in stages()} <= set(WINGS)


def _calls(names: set[str], allowed: tuple[str, ...]) -> list[str]:
    return [
        f"{room(path)}:{node.lineno}"
        for path in modules()
        if room(path) not in allowed
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call) and ".".join(_dotted(node.func).split(".")[-2:]) in names
    ]


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _is_room(path: Path, *rooms: str) -> bool:
    return bool(set(rooms) & {part.removesuffix(".py") for part in path.relative_to(SOURCE).parts})


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    reraises = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    return not reraises and any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in caught
    )


def _owner_of_store(name: str) -> str | None:
    """The stage whose store ``name`` is or lies in: ``opulse.monitoring.sensors`` for ``….sensors.store.tables``."""
    parts = name.split(".")
    if parts[0] != "opulse" or "store" not in parts:
        return None
    return ".".join(parts[: parts.index("store")])


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]
