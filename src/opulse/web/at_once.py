"""Pages that a whole staff opens within a minute are answered before the application's frame is put around the request."""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI
from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AnswersAtOnce(Protocol):
    """Answers what it can. It stands behind no guard: only what is open to everybody who has the address belongs here."""

    def __init__(self, state: State) -> None: ...

    async def answer(self, scope: Scope) -> tuple[Message, Message] | None:
        """The start and the body of the answer to a GET; None: the application answers. Must not change anything."""
        ...


class Application(FastAPI):
    """FastAPI that first asks ``at_once`` (first segment of the path → who answers it) about each GET.

    ``express`` stands before the frame too, for what machines send in masses; it hands the rest to :meth:`framed`.
    """

    at_once: dict[str, AnswersAtOnce] = {}  # noqa: RUF012  # replaced whole, never changed
    express: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            path: str = scope["path"]
            answering = self.at_once.get(path[: path.find("/", 1) + 1])
            messages = await answering.answer(scope) if answering is not None else None
            if messages is not None:
                await send(messages[0])
                await send(messages[1])
                return
        await (self.express or self.framed)(scope, receive, send)

    async def framed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application with all that is put around a request."""
        await super().__call__(scope, receive, send)
