"""A reader who follows a link inside the repository arrives, and a command that a page names exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.markdown import anchors, links, name, pages
from tests.house.tree import ROOT

OUTSIDE = ("http://", "https://", "mailto:")


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_inner_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in links(page):
        if target.startswith(OUTSIDE):
            continue
        where, _, fragment = unquote(target).partition("#")
        file = (page.parent / where).resolve() if where else page
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in anchors(file)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\s*|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets
