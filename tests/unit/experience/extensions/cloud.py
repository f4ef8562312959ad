"""The monitoring side as a survey product meets it: a Token URL and affected systems, over real HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.unit.outbound.loopback import Asked, LoopbackServer, answer, running

TOKEN_PATH = "/acme.onmicrosoft.com/B2C_1_ROPC_AUTH/oauth2/v2.0/token"
ACTIVATION = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
AS_OF = "2026-11-23T12:00:00.0000000Z"
USERNAME, PASSWORD, CLIENT_ID = "svc-qualtrics", "opsvc_the-password", "c11e47"


def user(name: str, **changes: Any) -> dict[str, Any]:
    """A logged-on user ``name``; say ``is_logged_on=False`` and the like for another one."""
    made = {
        "userId": f"CORP\\{name}",
        "email": f"{name}@example.org",
        "firstName": name.title(),
        "lastName": "Test",
        "isPrimary": False,
        "isLoggedOn": True,
        "lastLogon": "2026-11-23T08:00:00Z",
    }
    camel = {
        "is_primary": "isPrimary",
        "is_logged_on": "isLoggedOn",
        "last_logon": "lastLogon",
        "user_id": "userId",
    }
    return made | {camel.get(key, key): value for key, value in changes.items()}


def system(number: int, *users: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made = {
        "systemId": f"00000000-0000-4000-8000-{number:012d}",
        "systemName": f"LT-{number:04d}",
        "users": list(users),
    }
    return made | changes


def estate(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Systems with one logged-on user each: ``p0``, ``p1`` ..."""
    return [system(number, user(f"p{number}")) for number in range(first, first + count)]


@dataclass
class Fault:
    """What the next requests whose path contains ``path`` get instead."""

    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0  # let so many through first


@dataclass
class Cloud:
    """The running stand-in. ``systems`` are those at activation, ``current`` those now."""

    server: LoopbackServer
    systems: list[dict[str, Any]] = field(default_factory=list)
    current: list[dict[str, Any]] = field(default_factory=list)
    users: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    activation: str | None = ACTIVATION
    state: str | None = "active"
    faults: list[Fault] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)  # tokens
    issued: int = 0
    next_link: str = ""  # instead of the own one
    tags: dict[str, str] = field(
        default_factory=dict
    )  # ETag by the end of the path; none: the server gives none

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def token_url(self) -> str:
        return self.url + TOKEN_PATH

    def systems_url(self, which: str = "atactivation", activation: str = ACTIVATION) -> str:
        return f"{self.url}/api/sensornotifications/activations/{activation}/systems/{which}"

    @property
    def asked(self) -> list[Asked]:
        return self.server.asked

    def pages(self) -> list[tuple[int, int]]:
        """(top, skip) of the pages that were asked for."""
        found = []
        for one in self.asked:
            parts = urlsplit(one.line.split(" ")[1])
            if "/activations/" in parts.path:
                query = dict(parse_qsl(parts.query))
                found.append((int(query["$top"]), int(query["$skip"])))
        return found

    def sign_ins(self) -> list[dict[str, str]]:
        """The forms that came to the Token URL."""
        return [
            {name: values[0] for name, values in parse_qs(one.body.decode()).items()}
            for one in self.asked
            if one.line.startswith("POST")
        ]

    async def reply(self, asked: Asked) -> bytes:
        path = asked.line.split(" ")[1]
        for fault in self.faults:
            if fault.path in path and fault.times > 0:
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return answer(fault.status, b"{}", **fault.headers)
        if asked.line.startswith("POST"):
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return answer(401, b"{}")
        parts = urlsplit(path)
        if parts.path.endswith("/users"):
            return _json(self.users[parts.path.split("/")[3]])
        tag = self.tags.get(parts.path.rpartition("/")[2], "")
        if tag and asked.headers.get("if-none-match") == tag:
            return answer(304, b"")
        return self._page(parts.path, dict(parse_qsl(parts.query)), tag)

    def _token(self, asked: Asked) -> bytes:
        form = parse_qs(asked.body.decode())
        if (form.get("username"), form.get("password")) != ([USERNAME], [PASSWORD]):
            return _json({"error": "access_denied", "error_description": "AADB2C90225"}, 400)
        self.issued += 1
        token = f"token-{self.issued}"
        self.valid.add(token)
        return _json({"access_token": token, "token_type": "Bearer", "expires_in": "3600"})

    def _page(self, path: str, query: dict[str, str], tag: str) -> bytes:
        rows: Sequence[dict[str, Any]] = self.systems if path.endswith("atactivation") else self.current
        top, skip = int(query["$top"]), int(query["$skip"])
        more = skip + top < len(rows)
        own = f"{self.url}{path}?$top={top}&$skip={skip + top}"
        return _json(
            {
                "notificationActivationId": self.activation,
                "asOf": AS_OF,
                "state": self.state,
                "totalCount": len(rows),
                "systems": rows[skip : skip + top],
                "nextLink": (self.next_link or own) if more else None,
            },
            **({"ETag": tag} if tag else {}),
        )


def _json(body: Any, status: int = 200, **headers: str) -> bytes:
    return answer(status, json.dumps(body).encode(), Content_Type="application/json", **headers)


@asynccontextmanager
async def open_cloud() -> AsyncIterator[Cloud]:
    async with running() as server:
        cloud = Cloud(server)
        server.reply = cloud.reply
        yield cloud
