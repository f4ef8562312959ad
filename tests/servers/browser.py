"""Debian's Chromium, driven by Playwright, that reaches nothing but this machine."""

from __future__ import annotations

import os
import shutil

from playwright.async_api import Browser, BrowserContext, Playwright

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}

FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # a page that calls out fails here
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)


def chromium() -> str:
    """The browser's program: ``OPULSE_TEST_CHROMIUM``, else the machine's."""
    for name in (os.environ.get("OPULSE_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    raise FileNotFoundError("no Chromium here: `make test` installs it")


async def launch(playwright: Playwright) -> Browser:
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)  # Chromium's sandbox refuses root
    return await playwright.chromium.launch(executable_path=chromium(), args=flags)


async def new_context(
    browser: Browser, *, phone: bool = False, dark: bool = False, script: bool = True, locale: str = "en"
) -> BrowserContext:
    """A browser profile of its own: ``phone`` is 390 pixels wide with touch, ``script=False`` has no JavaScript."""
    return await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}
        if phone
        else {"width": DESK["width"], "height": DESK["height"]},
        has_touch=phone,
        is_mobile=phone,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        locale=locale,
    )
