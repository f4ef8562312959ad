"""Serves the built assets from memory: a few files, each with a hash in its name, compressed once.

An ASGI application for `app.mount("/static", BuiltFiles())`. Only names that the build wrote are answered, so there is
no path to walk out of, and the answer may be cached for ever.
"""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from opulse.web.components.manifest import STATIC_DIR

IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _BuiltFile:
    plain: bytes
    gzipped: bytes
    media_type: str


class BuiltFiles:
    """Every file under `static/dist/` at `/dist/<name>`. Without a build it answers 404 to everything."""

    def __init__(self, static_dir: Path = STATIC_DIR) -> None:
        found = sorted(path for path in (static_dir / "dist").glob("*") if path.is_file())
        self._files = {f"/dist/{path.name}": _read(path) for path in found}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(Request(scope, receive))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("method not allowed", 405, headers={"Allow": "GET, HEAD"})
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        file = self._files.get(path)
        if file is None:
            return PlainTextResponse("not found", 404)
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(file.gzipped, media_type=file.media_type, headers=headers)
        return Response(file.plain, media_type=file.media_type, headers=headers)


def _read(path: Path) -> _BuiltFile:
    plain = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _BuiltFile(plain, gzip.compress(plain, 9, mtime=0), media_type)
