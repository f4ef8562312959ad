"""Faults: their text, their draw, and what they do to a request on its way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from opulse.clock import SystemClock
from opulse.emulators.faults import (
    Fault,
    FaultsUnreadable,
    Faulty,
    Rate,
    Recorder,
    decide_faults,
    parse_faults,
    read_log,
)

EVERY = "slow=2s,429=5%,500=1%,duplicate=2%,reorder,truncate,expire-token"


def test_the_text_of_the_option_is_read() -> None:
    assert parse_faults(EVERY).rates == {
        Fault.SLOW: Rate(1.0, 2.0),
        Fault.BUSY: Rate(0.05, 1.0),
        Fault.BROKEN: Rate(0.01),
        Fault.DUPLICATE: Rate(0.02),
        Fault.REORDER: Rate(0.05, 0.5),
        Fault.TRUNCATE: Rate(0.02),
        Fault.EXPIRE_TOKEN: Rate(0.02),
    }
    assert parse_faults(" SLOW=250ms@10% , 429=3s@0.5%,").rates == {
        Fault.SLOW: Rate(0.1, 0.25),
        Fault.BUSY: Rate(0.005, 3.0),
    }
    assert parse_faults("").rates == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slowly=2s", "'slowly' is no fault; there are slow, 429, 500"),
        ("429", None),
        ("429=5%,429=6%", "429 stands there twice"),
        ("500=", "says nothing after '='; say for example 500=5%"),
        ("500=2s", "'2s' cannot be read; say for example 500=5%"),
        ("slow=2", "'2' cannot be read; say for example slow=5%, slow=2s or slow=2s@5%"),
        ("429=101%", "at most 100%"),
        ("slow=601s", "at most 600s"),
        ("slow=-1s", "cannot be read"),
        ("truncate=٥%", "cannot be read"),
    ],
)
def test_a_wrong_text_says_what_is_right(text: str, words: str | None) -> None:
    if words is None:
        parse_faults(text)
        return
    with pytest.raises(FaultsUnreadable) as caught:
        parse_faults(text)
    assert words in str(caught.value)


def test_the_same_seed_draws_the_same_and_each_fault_comes_as_often_as_asked() -> None:
    faults = parse_faults("slow=2s@10%,429=5%,500=1%,duplicate=2%,reorder=5%,truncate=4%,expire-token=3%")
    drawn = [decide_faults(faults, 7, number) for number in range(1, 20_001)]
    assert drawn == [decide_faults(faults, 7, number) for number in range(1, 20_001)]
    assert drawn != [decide_faults(faults, 8, number) for number in range(1, 20_001)]
    for fault, rate in faults.rates.items():
        share = sum(fault in one.faults for one in drawn) / len(drawn)
        # what a refused request cannot meet is drawn a little less often
        assert rate.share * 0.8 < share < rate.share * 1.2, fault
    broken = [one for one in drawn if Fault.BROKEN in one.faults]
    assert 0.3 < sum(one.carried_out for one in broken) / len(broken) < 0.7


def test_another_fault_on_the_list_leaves_the_draw_of_the_others() -> None:
    one, both = parse_faults("429=5%"), parse_faults("slow=1s@50%,429=5%,truncate")
    for number in range(1, 2_000):
        assert (Fault.BUSY in decide_faults(one, 3, number).faults) == (
            Fault.BUSY in decide_faults(both, 3, number).faults
        )


class _Counting:
    """An application that counts what it carried out."""

    def __init__(self) -> None:
        self.carried_out = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.carried_out += 1
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": b'{"count":%d}' % self.carried_out})


async def _ask(
    text: str, times: int = 1, headers: Sequence[dict[str, str]] = (), log: Path | None = None, seed: int = 1
) -> tuple[list[httpx2.Response], _Counting, Recorder]:
    app, recorder = _Counting(), Recorder(log)

    def refusal(status: int, why: str) -> bytes:
        return f'{{"refused":{status}}}'.encode()

    faulty = Faulty(app, parse_faults(text), seed, recorder, SystemClock(), refusal)
    transport = httpx2.ASGITransport(app=faulty)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.example") as client:
        answers = [
            await client.get("/api/groups", headers=headers[number] if headers else {})
            for number in range(times)
        ]
    recorder.close()
    return answers, app, recorder


async def test_a_busy_answer_says_when_to_come_again_and_nothing_was_done() -> None:
    [answer], app, _ = await _ask("429=3s@100%")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (429, "3", {"refused": 429})
    assert app.carried_out == 0


async def test_a_broken_answer_was_carried_out_every_second_time() -> None:
    answers, app, _ = await _ask("500=100%", times=40)
    assert {one.status_code for one in answers} == {500}
    assert 8 < app.carried_out < 32


async def test_a_duplicate_is_carried_out_twice_and_answered_once() -> None:
    [answer], app, _ = await _ask("duplicate=100%")
    assert (answer.json(), app.carried_out) == ({"count": 2}, 2)


async def test_a_truncated_answer_is_no_json_any_more() -> None:
    answers, _, _ = await _ask("truncate=100%", times=5)
    for answer in answers:
        with pytest.raises(ValueError, match=r".*"):
            answer.json()
        assert answer.headers["x-opulse-fault"] == "truncate"


async def test_a_token_ends_only_after_it_was_good_once_and_stays_ended() -> None:
    one, two = {"authorization": "Bearer one"}, {"authorization": "Bearer two"}
    answers, _, recorder = await _ask("expire-token=100%", 5, [one, one, two, one, {}])
    assert [answer.status_code for answer in answers] == [200, 401, 200, 401, 200]
    assert recorder.faults == {"expire-token": 2}


async def test_a_slow_answer_is_slow_and_a_held_back_one_is_overtaken() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await _ask("slow=50ms")
    assert loop.time() - began >= 0.05
    faults = parse_faults("reorder=300ms@50%")
    holds = [decide_faults(faults, 1, number).hold for number in range(1, 20)]
    assert any(later < earlier for earlier, later in itertools.pairwise(holds))


async def test_the_log_has_every_request_and_no_secret(tmp_path: Path) -> None:
    secrets = {"authorization": "Bearer hush", "systrack-api-key": "hush", "X-API-TOKEN": "hush"}
    log = tmp_path / "log.ndjson"
    await _ask("500=100%", 3, [secrets] * 3, log)
    assert "hush" not in log.read_text()
    lines = list(read_log(log))
    assert [(line.number, line.status, line.faults, line.direction) for line in lines] == [
        (number, 500, ["500"], "in") for number in (1, 2, 3)
    ]
    assert lines[0].headers["authorization"] == "(hidden)"


def test_secrets_in_bodies_are_hidden_too(tmp_path: Path) -> None:
    from opulse.emulators.faults import Exchange

    log = tmp_path / "log.ndjson"
    recorder = Recorder(log)
    form = {"content-type": "application/x-www-form-urlencoded"}
    token = '{"access_token":"hush","expires_in":"3600"}'
    body = "grant_type=password&password=hush%26more&username=svc"
    recorder.record(Exchange(1, "", "in", "POST", "/t", "", form, body, 200, token, [], 0.0))
    recorder.record(
        Exchange(2, "", "in", "POST", "/t", "", {}, "", 200, '{"access_token":"hus', ["truncate"], 0.0)
    )
    recorder.close()
    assert "hus" not in log.read_text()
    assert next(read_log(log)).body == "grant_type=password&password=(hidden)&username=svc"
