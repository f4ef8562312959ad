"""``make chaos N=200``: so many passes with a seed each; the last line of stdout is the tally as JSON.

Exit code 1: a promise was broken; what repeats the pass stands on stderr.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.chaos.front import Front
from bench.chaos.members import end_in_order
from bench.chaos.passing import Passed, run_pass
from bench.chaos.plan import draw
from bench.chaos.world import World, prepare
from tests.servers.postgres import PostgresServer

PEOPLE = 2_000


def main() -> int:
    wanted = _arguments()
    end_in_order()
    if wanted.dialect == "sqlite":
        return asyncio.run(_run(wanted, None))
    server = PostgresServer()
    try:
        return asyncio.run(_run(wanted, server))
    finally:
        server.stop()


async def _run(wanted: argparse.Namespace, postgres: PostgresServer | None) -> int:
    seeds = [wanted.seed + number for number in range(wanted.runs)]
    _say(f"chaos: {wanted.runs} passes of {wanted.people} people on {wanted.dialect}, seeds from {seeds[0]}")
    front = Front()
    await front.start()
    tally: Counter[str] = Counter(runs=0, lost=0, doubled_records=0, duplicates_at_sink=0, ambiguous=0)
    with tempfile.TemporaryDirectory(prefix="opulse-chaos-") as folder:
        world = await prepare(Path(folder), front, wanted.people, postgres)
        begin = time.monotonic()
        for number, seed in enumerate(seeds, 1):
            await _pass(world, seed, number, wanted, tally)
        tally["seconds"] = round(time.monotonic() - begin)
    await front.stop()
    print(json.dumps({**tally, "seed": seeds[0], "people": wanted.people, "dialect": wanted.dialect}))
    return 1 if tally["broken"] else 0


async def _pass(
    world: World, seed: int, number: int, wanted: argparse.Namespace, tally: Counter[str]
) -> None:
    plan = draw(seed, wanted.people)
    passed = await run_pass(world, plan, number)
    verdict = passed.verdict
    tally.update(
        runs=1,
        lost=verdict.lost,
        doubled_records=verdict.doubled,
        duplicates_at_sink=verdict.copies,
        ambiguous=verdict.ambiguous,
        unknown=verdict.unknown,
        unknown_without_mail=verdict.unheard,
        refused=verdict.refused,
        deaths_and_pauses=passed.struck,
        logged_errors=len(passed.errors),
        broken=1 if verdict.broken else 0,
    )
    _say(f"{number:4} seed {seed}: {_line(passed)} {plan}")
    for what, number_of in Counter(passed.errors).items():
        _say(f"     logged {number_of} x {what}")
    for sentence in verdict.broken:
        _say(f"     BROKEN {sentence}")
    if verdict.broken:
        _say(f"     again: make chaos N=1 SEED={seed} DIALECT={wanted.dialect} PEOPLE={wanted.people}")


def _line(passed: Passed) -> str:
    verdict = passed.verdict
    return (
        f"{passed.seconds:5.1f} s, {passed.struck} struck, ambiguous {verdict.ambiguous}, copies {verdict.copies}, "
        f"refused {verdict.refused}, unknown {verdict.unknown}, starts {' '.join(f'{one:.1f}' for one in passed.restarts)}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description="Kill, stop and refuse, then check the books.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the first pass")
    parser.add_argument("--dialect", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--people", type=int, default=PEOPLE)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
