"""A blast is answered at once: the answer page and the answer, 16 connections, every request another person's link."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import httpx2

from bench.browsing import Load, load
from bench.figures import Figure, Goal, Scope, ratios
from bench.invited import Invited, invite
from tests.servers.opulse import OpulseProcess

PEOPLE = 20_000
GOAL = Goal(at_least=0.3)
_ASSETS = re.compile(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"')


async def measure(scope: Scope) -> list[Figure]:
    """GET beside a bare hello, run by run; then as many POSTs, each the first answer of its person."""
    invited = await invite(scope.folder / "data", PEOPLE)
    pairs, seconds = scope.pick(5, 3 * scope.runs), scope.pick(2, 6)
    async with serving(scope.folder / "data") as ours, _hello() as theirs:
        page = await _weigh(ours, invited.paths[0])
        await load(ours, invited.paths, scope.folder, 1)
        pages, hellos = [], []
        for _ in range(pairs):
            hellos.append(await load(theirs, ["/"], scope.folder, seconds))
            pages.append(await load(ours, invited.paths, scope.folder, seconds))
        rounds = max(2, scope.runs)
        posts = [
            await load(ours, _share(invited, one, rounds), scope.folder, scope.pick(4, 8), "POST")
            for one in range(rounds)
        ]
    return [
        Figure(
            "answer_get_vs_hello",
            ratios([one.per_second for one in pages], [one.per_second for one in hellos]),
            "x",
            "answer page, GET, beside a bare Starlette hello",
            GOAL,
            f"{_rate(pages)} pages/s, {_rate(hellos)} hellos/s; the page weighs {page['packed']} bytes packed"
            f" ({page['plain']} plain), with style and script {page['with_assets']}",
            {"pages": [vars(one) for one in pages], "hellos": [vars(one) for one in hellos], "weight": page},
        ),
        _single(
            "answer_get_p99_ms",
            [one.p99_ms for one in pages],
            "ms",
            "answer page, GET, p99 at 16 connections",
        ),
        _single(
            "answer_post_per_s",
            [one.per_second for one in posts],
            "/s",
            "answers recorded, POST to 303, durable",
        ),
        _single(
            "answer_post_p99_ms", [one.p99_ms for one in posts], "ms", "answer, POST, p99 at 16 connections"
        ),
    ]


def _single(key: str, values: list[float], unit: str, what: str) -> Figure:
    return Figure(key, tuple(values), unit, what)


def _rate(loads: list[Load]) -> int:
    return round(median(one.per_second for one in loads))


def _share(invited: Invited, run: int, runs: int) -> list[str]:
    """The answers of this run's people: nobody answers twice unless a run outlasts its share."""
    return invited.answers[run::runs]


async def _weigh(url: str, path: str) -> dict[str, int]:
    """Bytes of the page, and of it with the style and the script that a phone fetches the first time, both packed."""
    async with httpx2.AsyncClient(base_url=url) as client:
        page = (await client.get(path, headers={"Accept-Encoding": "identity"})).text
        packed = await client.get(path)
        assert packed.text.count("<form") == page.count("<form"), "the packed page is the same page"
        files = _ASSETS.findall(page)
        assets = [await client.get(file) for file in files]
    sizes = [int(one.headers["content-length"]) for one in (packed, *assets)]
    return {"plain": len(page.encode()), "packed": sizes[0], "with_assets": sum(sizes)}


@asynccontextmanager
async def serving(data: Path, **options: object) -> AsyncIterator[str]:
    process = OpulseProcess(data, **options)
    await asyncio.to_thread(process.start)
    try:
        yield process.url
    finally:
        await asyncio.to_thread(process.stop)


@asynccontextmanager
async def _hello() -> AsyncIterator[str]:
    command = [sys.executable, "-m", "bench.peers.bare_hello"]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        told = (await running.stdout.readline()).decode().split()
        yield told[-1]
    finally:
        running.terminate()
        await running.wait()
