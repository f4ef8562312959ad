"""What a browser says of itself in one header, as far as a survey asks for it: kind, version, system and sort of device.

The header is a claim, long frozen and full of names of other browsers; the order of the tests is what tells them apart
(https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent). Nothing is decided by it but
what an author's own conditions ask.
"""

from __future__ import annotations

import re

_READ = 400
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+)[\d.]* .*Safari/")),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iOS", "iPhone"),
    ("iPadOS", "iPad"),
    ("Windows", "Windows"),
    ("ChromeOS", "CrOS"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """``phone``, ``tablet`` or ``desktop``; the last also when nothing is said."""
    said = user_agent[:_READ]
    if "iPad" in said or ("Android" in said and "Mobile" not in said):
        return "tablet"
    return "phone" if "Mobi" in said or "iPhone" in said else "desktop"


def browser_of(user_agent: str) -> dict[str, str]:
    """``BROWSER``, ``VERSION``, ``OS`` and ``DEVICE``; what the header does not say is empty."""
    said = user_agent[:_READ]
    named = ((name, found[1]) for name, shape in _BROWSERS if (found := shape.search(said)))
    name, version = next(named, ("", ""))
    system = next((name for name, mark in _SYSTEMS if mark in said), "")
    return {"BROWSER": name, "VERSION": version, "OS": system, "DEVICE": device_of(said) if said else ""}
