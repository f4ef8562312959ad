"""One reader per thing that is watched, and what its watchers get."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from opulse.web import live
from opulse.web.live import LiveFeed, event


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.2)


class Counter:
    """Something to watch, and how often it was read."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.error: Exception | None = None

    async def read(self, key: str) -> str:
        self.reads += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return f"{key}={self.value}"


async def take(stream: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [await anext(stream) for _ in range(count)]


async def settled(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  # the reader tells nobody when it is gone
            await asyncio.sleep(0.01)


async def test_the_newest_state_comes_at_once_and_then_every_new_one() -> None:
    counter = Counter()
    stream = LiveFeed(counter.read).follow("a")
    assert await take(stream, 1) == ["a=0"]
    counter.value = 1
    assert await take(stream, 1) == ["a=1"]
    counter.value = 2
    assert await take(stream, 1) == ["a=2"]


async def test_many_watchers_cost_one_reader() -> None:
    counter = Counter()
    feed = LiveFeed(counter.read)
    streams = [feed.follow("a") for _ in range(50)]
    assert await asyncio.gather(*(take(stream, 1) for stream in streams)) == [["a=0"]] * 50
    before = counter.reads
    await asyncio.sleep(0.2)
    assert counter.reads - before <= 25, "twenty looks in this time, whatever the number of watchers"
    counter.value = 1
    assert await asyncio.gather(*(take(stream, 1) for stream in streams)) == [["a=1"]] * 50


async def test_what_is_watched_is_kept_apart() -> None:
    feed = LiveFeed(Counter().read)
    assert await take(feed.follow("a"), 1) == ["a=0"]
    assert await take(feed.follow("b"), 1) == ["b=0"]


async def test_without_news_the_state_is_sent_again() -> None:
    stream = LiveFeed(Counter().read).follow("a")
    began = asyncio.get_running_loop().time()
    assert await take(stream, 3) == ["a=0"] * 3
    assert asyncio.get_running_loop().time() - began >= 0.35


async def test_the_reader_ends_with_its_last_watcher_and_comes_back_with_the_next() -> None:
    counter = Counter()
    feed = LiveFeed(counter.read)
    first, second = feed.follow("a"), feed.follow("a")
    await take(first, 1)
    await take(second, 1)
    await first.aclose()  # type: ignore[attr-defined]  # it is an async generator
    counter.value = 1
    assert await take(second, 1) == ["a=1"]
    await second.aclose()  # type: ignore[attr-defined]  # it is an async generator
    await asyncio.sleep(0.05)
    before = counter.reads
    await asyncio.sleep(0.1)
    assert counter.reads == before
    assert await take(feed.follow("a"), 1) == ["a=1"]


async def test_an_error_ends_the_streams_and_leaves_no_silence() -> None:
    counter = Counter()
    feed = LiveFeed(counter.read)
    first, second = feed.follow("a"), feed.follow("a")
    await take(first, 1)
    await take(second, 1)
    counter.error = LookupError("the activation is gone")
    for stream in (first, second):
        with pytest.raises(LookupError, match="gone"):
            await take(stream, 9)
    counter.error = None
    counter.value = 5
    assert await take(feed.follow("a"), 1) == ["a=5"], "whoever comes back is read for afresh"


async def test_an_error_at_the_first_look_reaches_the_watcher() -> None:
    counter = Counter()
    counter.error = LookupError("unknown")
    with pytest.raises(LookupError, match="unknown"):
        await take(LiveFeed(counter.read).follow("a"), 1)


async def test_a_slow_read_is_followed_by_a_longer_rest() -> None:
    times: list[float] = []
    loop = asyncio.get_running_loop()

    async def read(key: str) -> int:
        times.append(loop.time())
        await asyncio.sleep(0.03)
        return len(times)

    stream = LiveFeed(read).follow("a")
    async with asyncio.timeout(5):
        while await anext(stream) < 2:
            pass
    assert times[1] - times[0] >= 0.3, "a read of 30 ms is followed by a rest of ten times as long"


def test_an_event_is_its_lines_and_an_empty_one() -> None:
    assert event("one") == "data: one\n\n"
    assert event("one\ntwo\r\nthree\rfour") == "data: one\ndata: two\ndata: three\ndata: four\n\n"


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_what_the_standard_calls_a_line_end_ends_a_line(odd: str) -> None:
    """A comment may hold U+2028; cut there, JSON could not be read any more."""
    assert event(f'{{"said":"a{odd}b"}}') == f'data: {{"said":"a{odd}b"}}\n\n'
