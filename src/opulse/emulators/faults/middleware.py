"""Faults and the log around an emulator: an ASGI application around another one.

Whole requests and answers are held in memory (pages of at most some MB): only so can one be repeated, cut or thrown away.
What stands under ``/_emulator/`` is the operator's and meets no fault; ``/_emulator/log`` is answered here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from opulse.clock import Clock
from opulse.emulators.faults.models import Decision, Fault, Faults
from opulse.emulators.faults.recording import Exchange, Recorder
from opulse.emulators.faults.rules import decide_faults

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

CONTROL: Final = "/_emulator/"
LOG: Final = f"{CONTROL}log"
"""The newest exchanges, one JSON line each."""
FAULT_HEADER: Final = "x-opulse-fault"


class Answerer(Protocol):
    """How the product says that something is wrong: each has its own body."""

    def __call__(self, status: int, why: str) -> bytes:
        """The JSON body of an answer with this status (401, 429 or 500)."""
        ...


@dataclass
class _Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Faulty:
    """``app`` with faults. Requests are numbered as they come, from 1; the number and the seed decide."""

    def __init__(
        self, app: App, faults: Faults, seed: int, recorder: Recorder, clock: Clock, refusal: Answerer
    ) -> None:
        self._app = app
        self._faults = faults
        self._seed = seed
        self._recorder = recorder
        self._clock = clock
        self._refusal = refusal
        self._number = 0
        self._used: set[str] = set()  # bearer tokens that were good for one request at least
        self._ended: set[str] = set()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == LOG:
            lines = b"".join(msgspec.json.encode(one) + b"\n" for one in self._recorder.kept)
            await _send(send, _Answer(200, [(b"content-type", b"application/x-ndjson")], lines), set())
            return
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        self._number += 1
        number, began = self._number, self._clock.now()
        decision = decide_faults(self._faults, self._seed, number)
        body = await _read(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        answer, befell = await self._answered(scope, body, headers, decision)
        if decision.hold:
            await self._clock.sleep(decision.hold)
        self._recorder.record(
            Exchange(
                number=number,
                at=began.isoformat(),
                direction="in",
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                headers=headers,
                body=body.decode("utf-8", "replace"),
                status=answer.status,
                answer=answer.body.decode("utf-8", "replace"),
                faults=sorted(fault.value for fault in befell),
                seconds=round((self._clock.now() - began).total_seconds(), 3),
            )
        )
        await _send(send, answer, befell)

    async def _answered(
        self, scope: MutableMapping[str, Any], body: bytes, headers: dict[str, str], decision: Decision
    ) -> tuple[_Answer, set[Fault]]:
        """The answer, and which of the faults that were decided could befall this request."""
        befell = set(decision.faults)
        if decision.pause:
            await self._clock.sleep(decision.pause)
        if Fault.BUSY in befell:
            extra = [(b"retry-after", str(decision.retry_after).encode())]
            return self._refused(429, "too many requests; try again later", extra), befell
        token = headers.get("authorization", "")
        if self._has_ended(token, Fault.EXPIRE_TOKEN in befell):
            return self._refused(401, "the token has expired", []), befell | {Fault.EXPIRE_TOKEN}
        befell.discard(Fault.EXPIRE_TOKEN)
        if Fault.BROKEN in befell and not decision.carried_out:
            return self._refused(500, "something went wrong", []), befell
        for _ in range(2 if Fault.DUPLICATE in befell else 1):
            answer = await _ask(self._app, scope, body)
        if Fault.BROKEN in befell:
            return self._refused(500, "something went wrong", []), befell
        if Fault.TRUNCATE in befell:
            kept = min(int(len(answer.body) * decision.keep), len(answer.body) - 1)
            if kept < 0:  # an empty body has nothing to lose
                befell.discard(Fault.TRUNCATE)
            answer.body = answer.body[: max(kept, 0)]
        return answer, befell

    def _has_ended(self, authorization: str, ends_now: bool) -> bool:
        """Whether this bearer token is over; a fresh one is good for one request, as any real token is."""
        if not authorization.lower().startswith("bearer "):
            return False
        if ends_now and authorization in self._used:
            self._ended.add(authorization)
        self._used.add(authorization)
        return authorization in self._ended

    def _refused(self, status: int, why: str, extra: list[tuple[bytes, bytes]]) -> _Answer:
        return _Answer(status, [(b"content-type", b"application/json"), *extra], self._refusal(status, why))


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _ask(app: App, scope: MutableMapping[str, Any], body: bytes) -> _Answer:
    """Hand one request to ``app`` and collect its answer; the scope is copied, since an application writes into it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    answer = _Answer(500, [], b"")

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    await app({**scope, "state": dict(scope.get("state", {}))}, receive, send)
    return answer


async def _send(send: Send, answer: _Answer, befell: set[Fault]) -> None:
    headers = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    if befell:
        headers.append((FAULT_HEADER.encode(), ",".join(sorted(fault.value for fault in befell)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
