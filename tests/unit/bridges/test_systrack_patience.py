"""How one request to SysTrack is asked again in place: pauses, Retry-After, and when it is left to the job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from opulse.bridges.systrack import ComeAgain, FetchRefused
from opulse.bridges.systrack.patience import SLOW_TRIES, TRIES, ask_patiently
from opulse.clock import ManualClock
from opulse.ports import Ports


@dataclass
class Server:
    """Fails with each of ``failures`` in turn, then answers."""

    failures: list[Exception]
    asked: int = 0

    async def answer(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "whole"


def busy(*asked: float | None, slow: bool = False) -> list[Exception]:
    return [ComeAgain(5.0, "answered 500", asked=seconds, slow=slow) for seconds in asked]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ((None,), 0.2),
        ((None, None, None), 0.2 + 0.4 + 0.8),
        ((2.0, None), 2.0 + 0.4),
        ((0.0, 0.0), 0.2 + 0.4),
    ],
    ids=["once", "doubled", "what it asks for comes first", "zero is no permission to hammer"],
)
async def test_it_is_asked_again_after_a_pause(
    ports: Ports, clock: ManualClock, asked: Sequence[float | None], seconds: float
) -> None:
    began, server = clock.now(), Server(busy(*asked))
    assert await ask_patiently(ports, server.answer) == "whole"
    assert server.asked == len(asked) + 1
    assert (clock.now() - began).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failures", "tries"),
    [
        (busy(*[None] * TRIES), TRIES),
        (busy(17.0), 1),
        (busy(*[None] * SLOW_TRIES, slow=True), SLOW_TRIES),
    ],
    ids=["it stays broken", "it wants to be left alone", "it hangs"],
)
async def test_what_lasts_is_left_to_the_job(ports: Ports, failures: list[Exception], tries: int) -> None:
    server = Server(failures)
    with pytest.raises(ComeAgain, match="answered 500"):
        await ask_patiently(ports, server.answer)
    assert server.asked == tries


async def test_a_refusal_is_not_asked_again(ports: Ports) -> None:
    server = Server([FetchRefused("403")])
    with pytest.raises(FetchRefused):
        await ask_patiently(ports, server.answer)
    assert server.asked == 1
