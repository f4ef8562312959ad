"""Imported QSF files in a real browser: every page is answered to the end, and the response is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.models import ResponseState
from opulse.experience.surveys.models import SurveyDocument
from opulse.experience.surveys.qsf import write_qsf
from opulse.experience.surveys.rules import answer_keys
from opulse.experience.surveys.rules.keys import is_answerable
from tests.flows.test_responses_browser import opened, served, violations
from tests.unit.experience.responses.asked_people import ask_somebody
from tests.unit.experience.surveys.kinds import every_kind
from tests.unit.experience.surveys.qsf.files import ABSENT, SURVEY, imported, real_files

pytestmark = pytest.mark.browser

PHONE = {"width": 320, "height": 640}
MOST_PAGES = 60
SHOTS = os.environ.get("OPULSE_TEST_SHOTS", "")
"""A folder: a picture of every page is left there, for people to look at."""

TOO_WIDE = """
() => document.documentElement.scrollWidth <= window.innerWidth ? [] : [...document.querySelectorAll('.sheet *')]
  .filter(one => !one.closest('.sr') && one.getBoundingClientRect().right > window.innerWidth)
  .map(one => one.outerHTML.slice(0, 120))
"""
FILL = """
() => {
  const form = document.querySelector('form');
  const say = one => ['input', 'change'].forEach(kind => one.dispatchEvent(new Event(kind, {bubbles: true})));
  const seen = one => one.type === 'range' || one.getClientRects().length > 0;
  const typed = {email: 'a@example.org', number: '3', date: '2026-11-29', tel: '+43 1 234', url: 'https://example.org'};
  const boxes = [...form.querySelectorAll('input, select, textarea')]
    .filter(one => one.type !== 'hidden' && seen(one) && !one.closest('[aria-hidden=true]'));
  const done = new Set();
  for (const one of boxes.filter(box => box.name.endsWith('_SKIP') && box.checked)) { one.checked = false; say(one); }
  for (const one of boxes.filter(box => !box.name.endsWith('_SKIP'))) {
    const beside = [...(one.closest('.rank') || form).querySelectorAll(one.tagName)];
    if (one.type === 'radio') { one.checked = true; }
    else if (one.type === 'checkbox') { one.checked = one.checked || !done.has(one.name); }
    else if (one.tagName === 'SELECT') {
      const taken = beside.filter(other => other !== one).map(other => other.value);
      const free = [...one.options].find(option => option.value && !taken.includes(option.value));
      if (one.closest('.rank')) { one.value = free ? free.value : ''; } else { one.selectedIndex = 1; }
    }
    else if (one.type === 'range') { one.value = one.max; }
    else if (one.inputMode === 'numeric' && one.closest('.rank')) { one.value = one === beside[0] ? '100' : '0'; }
    else { one.value = typed[one.type] || (['numeric', 'decimal'].includes(one.inputMode) ? '3' : 'words'); }
    done.add(one.name);
    say(one);
  }
}
"""
"""Takes the last of radio buttons, the first of boxes, free places, the end of sliders, and some words."""


async def answer_to_the_end(page: Page, clock: ManualClock, name: str) -> int:
    """Fill in and send page after page; how many there were."""
    for number in range(1, MOST_PAGES):
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/{name}-{number}.png", full_page=True)
        form = page.locator("button.go[value=answer]")
        if not await form.count():
            return number - 1
        assert await page.evaluate(TOO_WIDE) == []
        clock.advance(20)
        await page.evaluate(FILL)
        async with page.expect_navigation():
            await form.click()
        problems = await page.locator(".problems li").all_inner_texts()
        assert problems == []
    raise AssertionError(f"more than {MOST_PAGES} pages")


async def import_and_answer(
    db: Database, clock: ManualClock, browser: Browser, document: SurveyDocument, name: str
) -> list[dict[str, Any]]:
    async with (
        ask_somebody(db, clock, document) as asked,
        served(asked) as address,
        opened(browser, address, viewport=PHONE) as page,
    ):
        assert await page.locator("h1").inner_text() == document.title
        assert await violations(page) == []
        assert await answer_to_the_end(page, clock, name) >= 1
        return await asked.stored(ResponseState.RECORDED)


@pytest.mark.skipif(not real_files(), reason=ABSENT)
@pytest.mark.parametrize("path", real_files() or [None], ids=lambda path: path.stem[-30:] if path else "none")
async def test_a_real_file_is_rendered_and_answered(
    db: Database, clock: ManualClock, browser: Browser, path: Path
) -> None:
    document = imported(path.read_bytes()).document  # noqa: ASYNC240 - a file of some kilobytes
    (response,) = await import_and_answer(db, clock, browser, document, path.stem[-30:])
    keys = {key for one in document.questions if is_answerable(one) for key in answer_keys(one)}
    assert set(response["answers"]) <= keys
    answered = {one.id for one in document.questions if set(answer_keys(one)) & set(response["answers"])}
    shown = {one.id for one in document.questions if is_answerable(one) and one.display is None}
    assert len(answered & shown) >= 0.9 * len(shown)


async def test_a_file_with_every_kind_is_rendered_and_answered(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    document = imported(write_qsf(every_kind(), "Every kind", SURVEY)).document
    (response,) = await import_and_answer(db, clock, browser, document, "every")
    assert len(response["answers"]) > 10
