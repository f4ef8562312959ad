"""What an agent keeps: waiting changes, its batch number, its last plan, and its patience."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opulse.agent.backoff import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, Backoff
from opulse.agent.change_queue import MOST_WAITING, ChangeQueue, Outgoing
from opulse.agent.models import Change
from opulse.agent.plan import AgentPlan
from opulse.agent.state_file import LEAP, AgentMemory
from opulse.wire.agent_config import AgentConfig, AgentSensor

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def change(sensor: str, triggered: bool, instance: str | None = None, minute: int = 0) -> Change:
    return Change(sensor, instance, triggered, NOON + timedelta(minutes=minute))


def nothing() -> list[Change]:
    return []


def started() -> ChangeQueue:
    """A queue whose first, full batch was taken."""
    queue = ChangeQueue()
    queue.taken(queue.next(nothing))
    return queue


def test_the_first_batch_is_the_whole_set_even_when_that_is_empty() -> None:
    queue = ChangeQueue()
    assert queue.has_something
    assert queue.next(nothing) == Outgoing(True, ())
    assert queue.next(lambda: [change("A", True)]) == Outgoing(True, (change("A", True),))


def test_while_offline_only_the_latest_change_of_a_sensor_and_instance_waits() -> None:
    queue = started()
    queue.put([change("A", True, "x"), change("A", True, "y")])
    queue.put([change("B", True, minute=1)])
    queue.put([change("A", False, "x", minute=2)])
    assert len(queue) == 3
    assert queue.next(nothing) == Outgoing(
        False, (change("A", True, "y"), change("B", True, minute=1), change("A", False, "x", minute=2))
    )


def test_a_change_waits_until_it_was_taken() -> None:
    queue = started()
    queue.put([change("A", True)])
    assert queue.next(nothing) == queue.next(nothing)
    queue.taken(queue.next(nothing))
    assert not queue.has_something
    assert queue.next(nothing) == Outgoing(False, ())


def test_a_change_that_came_while_a_batch_was_under_way_is_not_lost() -> None:
    queue = started()
    queue.put([change("A", True)])
    sent = queue.next(nothing)
    queue.put([change("A", False, minute=1), change("B", True, minute=1)])
    queue.taken(sent)
    assert queue.next(nothing).changes == (change("A", False, minute=1), change("B", True, minute=1))

    queue.ask_for_full()
    full = queue.next(lambda: [change("B", True, minute=1)])
    queue.put([change("C", True, minute=2)])
    queue.taken(full)
    assert queue.next(nothing) == Outgoing(False, (change("C", True, minute=2),))


def test_the_queue_is_bounded_and_the_whole_set_takes_its_place() -> None:
    queue = started()
    queue.put(change("A", True, str(number)) for number in range(MOST_WAITING))
    assert len(queue) == MOST_WAITING
    queue.put([change("B", True)])
    assert len(queue) == 0
    assert queue.next(lambda: [change("B", True)]) == Outgoing(True, (change("B", True),))


# -- the state file ---------------------------------------------------------------------------------------------------


def test_the_batch_number_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "agent" / "state.json"
    first = AgentMemory(path, NOON)
    numbers = [first.next_seq() for _ in range(3)]
    later = AgentMemory(path, NOON).next_seq()
    assert [*numbers, later] == sorted({*numbers, later})


def test_it_does_not_go_back_when_the_clock_does(tmp_path: Path) -> None:
    last = AgentMemory(tmp_path / "state.json", NOON).next_seq()
    assert AgentMemory(tmp_path / "state.json", NOON - timedelta(days=900)).next_seq() > last


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"seq":"x"}', b"\xff"])
def test_nor_when_the_file_is_lost_or_broken(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "state.json"
    last = AgentMemory(path, NOON).next_seq()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert AgentMemory(path, NOON + timedelta(minutes=1)).next_seq() > last


def test_a_number_is_on_the_disk_before_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    used = AgentMemory(path, NOON).next_seq()
    assert f'"seq":{used}' in path.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_a_leap_goes_far_ahead(tmp_path: Path) -> None:
    memory = AgentMemory(tmp_path / "state.json", NOON)
    before = memory.next_seq()
    memory.leap()
    assert memory.next_seq() == before + LEAP + 1


def test_the_last_plan_is_there_after_a_restart(tmp_path: Path) -> None:
    plan = AgentPlan(AgentConfig("0b1f6c1a", [AgentSensor("Thread Count", {"limit": 5})]), '"v1"')
    assert AgentMemory(tmp_path / "state.json", NOON).plan is None
    AgentMemory(tmp_path / "state.json", NOON).keep_plan(plan)
    assert AgentMemory(tmp_path / "state.json", NOON).plan == plan


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        AgentMemory(tmp_path / "file" / "state.json", NOON)


# -- patience ------------------------------------------------------------------------------------------------


def test_patience_grows_to_five_minutes_and_ends_with_a_success() -> None:
    backoff = Backoff()
    assert backoff.may_try(NOON)
    waits = [backoff.failed(NOON) for _ in range(12)]
    assert FIRST_WAIT_SECONDS / 2 <= waits[0] <= FIRST_WAIT_SECONDS
    assert LONGEST_WAIT_SECONDS / 2 <= waits[-1] <= LONGEST_WAIT_SECONDS
    assert not backoff.may_try(NOON + timedelta(seconds=waits[-1] - 1))
    assert backoff.may_try(NOON + timedelta(seconds=waits[-1]))
    backoff.worked()
    assert backoff.may_try(NOON)
    assert backoff.failed(NOON) <= FIRST_WAIT_SECONDS


def test_what_the_server_asks_for_is_waited_for_within_reason() -> None:
    assert Backoff().failed(NOON, at_least=60) == 60
    assert Backoff().failed(NOON, at_least=86_400) == LONGEST_WAIT_SECONDS


def test_a_rest_is_the_longest_wait() -> None:
    backoff = Backoff()
    backoff.rest(NOON)
    assert not backoff.may_try(NOON + timedelta(seconds=LONGEST_WAIT_SECONDS - 1))
    assert backoff.may_try(NOON + timedelta(seconds=LONGEST_WAIT_SECONDS))
