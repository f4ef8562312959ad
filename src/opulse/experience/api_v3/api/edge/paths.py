"""One form for every path: ``/some/prefix//API/v3/surveys/`` is the route ``/API/v3/surveys``, its prefix kept for links.

Public clients send doubled and trailing slashes (qualtrics-api.md 1.1), and an installation may live below a path of a proxy.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT: Final = "/API/v3"
PREFIX: Final = "v3_prefix"
"""Where the scope keeps what stood before the root."""

_FOUND: Final = re.compile(r"(?P<prefix>(?:/+[\w.~-]+)*?)/+API/+v3(?P<rest>/.*|)", re.ASCII)
_SLASHES: Final = re.compile("/{2,}")


def one_form(path: str) -> tuple[str, str] | None:
    """The prefix and the path of the route; None for what is not of this API."""
    if "API/" not in path:
        return None
    found = _FOUND.fullmatch(path)
    if found is None:
        return None
    prefix, rest = (_SLASHES.sub("/", found[name]) for name in ("prefix", "rest"))
    return prefix, ROOT + rest.rstrip("/")


class OneForm:
    """ASGI: the path of the scope in its one form; see the module."""

    def __init__(self, app: Starlette, rest: ASGIApp) -> None:
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = one_form(scope["path"]) if scope["type"] == "http" else None
        if found is not None:
            prefix, path = found
            scope = {**scope, "path": path, "raw_path": path.encode(), PREFIX: prefix}
        await self._rest(scope, receive, send)
