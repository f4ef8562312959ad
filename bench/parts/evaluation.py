"""A burst of 100,000 changes on an estate of a million systems.

How long until every notification is decided, in how much memory, and how long a restart takes.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, Goal, Scope
from bench.monitored import CROSSING, Size, build


async def measure(scope: Scope) -> list[Figure]:
    size = Size()
    built = scope.folder / "built"
    await build(built, size)
    bursts, restarts = [], []
    for run in range(scope.runs):
        data = scope.folder / f"run-{run}"
        await asyncio.to_thread(shutil.copytree, built, data)
        bursts.append(await _run("burst", data))
        restarts.append(await _run("restart", data))
        await asyncio.to_thread(shutil.rmtree, data)
    what = f"{size.systems:,} systems, {size.sensors:,} sensors, {size.groups} groups, {size.notifications:,} notifications"
    restarted = [one["restart_s"] + two["snapshot_s"] for one, two in zip(restarts, bursts, strict=True)]
    return [
        Figure(
            "evaluate_ms",
            _all(bursts, "evaluate_ms"),
            "ms",
            f"{what}: from a burst of 100,000 changes being applied to the last decision ({CROSSING} of them open)",
            Goal(at_most=100),
            f"the burst itself, durable, took {bursts[-1]['taken_ms']:,.0f} ms",
            {"runs": bursts},
        ),
        Figure(
            "evaluator_mb",
            _all(bursts, "grown_mb"),
            "MB",
            "memory that the evaluator and the decider of that estate add to a process",
            Goal(at_most=200),
        ),
        Figure(
            "evaluator_restart_s",
            tuple(restarted),
            "s",
            "snapshot and restart of that evaluator: restore, then replay of the burst from the journal",
            Goal(at_most=2),
            f"snapshot {bursts[-1]['snapshot_s']:.2f} s, restart {restarts[-1]['restart_s']:.2f} s",
        ),
    ]


def _all(runs: Sequence[dict[str, float]], key: str) -> tuple[float, ...]:
    return tuple(run[key] for run in runs)


async def _run(what: str, data: Path) -> dict[str, float]:
    """In a process of its own, whose memory holds nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.evaluating", what, str(data), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"bench.evaluating {what} ended with {process.returncode}")
    measured: dict[str, float] = json.loads(told.splitlines()[-1])
    return measured
