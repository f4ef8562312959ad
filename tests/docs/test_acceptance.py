"""The twelve acceptance checks: each has a test of its number, and the page says where."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, tracked_files

CHECKS = 12
ROW = re.compile(r"^\| (?P<number>\d+)\. .+ \| (?P<files>.+) \|$", re.MULTILINE)
TEST = re.compile(r"^(?:async )?def test_check_(\d+)_\w{10,}", re.MULTILINE)


def test_each_check_has_a_test_of_its_number_and_the_page_says_where() -> None:
    page = (ROOT / "docs/reference/acceptance.md").read_text(encoding="utf-8")
    said = {int(row["number"]): set(re.findall(r"`([^`]+)`", row["files"])) for row in ROW.finditer(page)}
    found: dict[int, set[str]] = {}
    for path in tracked_files():
        if path.suffix == ".py" and path.is_relative_to(ROOT / "tests"):
            for number in TEST.findall(path.read_text(encoding="utf-8")):
                found.setdefault(int(number), set()).add(str(path.relative_to(ROOT)))
    assert sorted(found) == list(range(1, CHECKS + 1))
    assert said == found
