"""What the repository says about itself: versions, dependencies, decisions."""

from __future__ import annotations

import json
import re

import opulse
from tests.house.tree import ROOT, project

PARTS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d|unreleased)$", text, re.MULTILINE)
    assert versions[0][0] == opulse.__version__
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= PARTS


def test_every_dependency_has_its_reason_and_every_reason_a_dependency() -> None:
    text = (ROOT / "docs/explain/dependencies.md").read_text(encoding="utf-8")
    reasons = dict(re.findall(r"^\| `([\w.@/-]+)` \| (\S.*?) \|", text, re.MULTILINE))
    given = project()["project"]
    wanted = [*given["dependencies"], *given["optional-dependencies"]["dev"]]
    locked_apart = re.findall(r"^([a-z-]+)", "\n".join(_inputs()), re.MULTILINE)
    npm = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    names = set(npm["dependencies"]) | set(npm["devDependencies"])
    names |= {re.split(r"[\[<>=;]", line)[0].strip() for line in [*wanted, *locked_apart]}
    assert set(reasons) == names
    assert [name for name, reason in reasons.items() if len(reason) < 15] == []


def _inputs() -> list[str]:
    return [path.read_text() for path in sorted((ROOT / "requirements").glob("*.in"))]


def test_locks_hold_hashes_and_fit_the_project() -> None:
    direct = {re.split(r"[\[<>=;]", line)[0].strip() for line in project()["project"]["dependencies"]}
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        pinned = re.findall(r"^([a-z0-9_.-]+)==(\S+)[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), lock.name
        if lock.stem in {"base", "dev"}:
            assert direct <= {name for name, _ in pinned}, f"{lock.name}: run `make lock`"


def test_decisions_are_numbered_in_a_row_and_have_the_parts_of_the_template() -> None:
    records = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(len(records)))
    wanted = re.findall(r"^## (.+)$", records[0].read_text(encoding="utf-8"), re.MULTILINE)
    for record in records[1:]:
        assert re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE) == wanted, (
            record.name
        )
