"""Many runs of one workflow are one step of the journey, and it says what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from opulse.console.journey.timeline import runs_step
from opulse.experience.workflows.models import Run, RunState, Selection

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _run(wave: int, state: RunState = RunState.SUCCEEDED, people: int = 0, reason: str = "") -> Run:
    begun = NOON + timedelta(minutes=wave)
    over = state not in (RunState.QUEUED, RunState.RUNNING)
    selection = Selection(f"CS_{wave}", (0,), people) if people else None
    return Run(
        1, f"RUN_{wave}", "WF_1", 1, state, "key", "activation", wave, (), {}, selection, reason, begun,
        begun + timedelta(seconds=5) if over else None,
    )  # fmt: skip


def test_one_run_says_its_state_its_wave_and_its_people() -> None:
    step = runs_step("Ask", [_run(1, people=1)])
    assert (step.title, step.hint, step.tone) == ("Workflow Ask", "succeeded, wave 1, 1 contact", "blue")
    assert step.at == NOON + timedelta(minutes=1, seconds=5)


def test_several_runs_are_summed_and_stand_where_the_first_ended() -> None:
    step = runs_step("Ask", [_run(1, people=27), _run(2, people=1000), _run(3)])
    assert step.hint == "3 runs, waves 1 to 3, 1,027 contacts"
    assert step.at == NOON + timedelta(minutes=1, seconds=5)


def test_a_reason_is_said_instead_of_the_state() -> None:
    assert runs_step("Ask", [_run(1, RunState.FAILED, reason="no account")]).hint == "no account"


def test_failures_colour_the_step_and_the_last_one_is_told() -> None:
    some = runs_step("Ask", [_run(1, people=3), _run(2, RunState.FAILED, reason="timed out")])
    assert some.tone == "amber"
    assert some.hint.endswith("1 failed, the last: timed out")
    every = runs_step("Ask", [_run(1, RunState.FAILED), _run(2, RunState.FAILED)])
    assert every.tone == "red"
    assert every.hint.endswith("2 failed, the last: failed")


def test_what_is_under_way_is_told() -> None:
    first = _run(1, RunState.RUNNING)
    step = runs_step("Ask", [first, replace(_run(2), state=RunState.QUEUED, ended_at=None)])
    assert step.tone == "gray"
    assert step.hint.endswith("2 under way")
    assert step.at == first.started_at
