"""Readings in, changes out: instances that come and go, plans that change, configurations that do not fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opulse.agent.board import SensorBoard
from opulse.agent.models import Change
from opulse.agent.sources import Measure, Question, Readings, Sources
from opulse.catalogue import EvaluationReason, Measured, Platform, Scalar, Unavailable, load_catalogue
from opulse.wire.agent_config import AgentSensor

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CPU = "Extended High Application CPU Usage"
REBOOT = "System Pending Reboot"


def board_with(*sensors: tuple[str, dict[str, Scalar]]) -> SensorBoard:
    board = SensorBoard(load_catalogue(), Platform.LINUX)
    board.follow(tuple(AgentSensor(name, variables) for name, variables in sensors), NOON)
    return board


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def test_each_instance_is_triggered_for_itself() -> None:
    board = board_with((CPU, {"hold": 0}))
    readings: dict[str, Readings] = {CPU: {"tar": Measured(95.0), "vim": Measured(3.0)}}
    assert board.take(readings, NOON) == [Change(CPU, "tar", True, NOON)]
    assert board.triggered() == [Change(CPU, "tar", True, NOON)]
    assert [(said.instance, said.triggered, said.reason) for said in board.latest] == [
        ("tar", True, EvaluationReason.TRIGGERED),
        ("vim", False, EvaluationReason.WITHIN_LIMIT),
    ]


def test_a_triggered_instance_that_is_gone_ends() -> None:
    board = board_with((CPU, {"hold": 0}))
    board.take({CPU: {"tar": Measured(95.0)}}, NOON)
    assert board.take({CPU: {}}, minutes(1)) == [Change(CPU, "tar", False, minutes(1))]
    assert board.triggered() == []
    assert [(said.instance, said.value, said.unavailable) for said in board.latest] == [(None, None, None)]


def test_an_instance_that_was_away_begins_its_hold_anew() -> None:
    board = board_with((CPU, {"hold": 120}))
    for minute, readings in ((0, {"tar": Measured(95.0)}), (1, {}), (2, {"tar": Measured(95.0)}), (3, {})):
        assert board.take({CPU: dict(readings)}, minutes(minute)) == []
    assert board.take({CPU: {"tar": Measured(95.0)}}, minutes(4)) == []


def test_an_unavailable_source_ends_what_it_had_triggered_and_says_why() -> None:
    board = board_with((CPU, {"hold": 0}), (REBOOT, {}))
    board.take({CPU: {"tar": Measured(95.0)}, REBOOT: Measured(True)}, NOON)
    lost = {CPU: Unavailable("no counters"), REBOOT: Unavailable("no sign")}
    assert board.take(lost, minutes(1)) == [
        Change(CPU, "tar", False, minutes(1)),
        Change(REBOOT, None, False, minutes(1)),
    ]
    assert [said.unavailable for said in board.latest] == ["no counters", "no sign"]


def test_a_plan_names_what_this_agent_cannot_evaluate() -> None:
    board = SensorBoard(load_catalogue(), Platform.LINUX)
    wanted = (AgentSensor(REBOOT), AgentSensor("DPC Rate"), AgentSensor("From A Newer Kit"))
    assert board.follow(wanted, NOON) == (["DPC Rate", "From A Newer Kit"], [])


def test_a_sensor_that_leaves_the_plan_ends() -> None:
    board = board_with((CPU, {"hold": 0}), (REBOOT, {}))
    board.take({CPU: {"tar": Measured(95.0)}, REBOOT: Measured(True)}, NOON)
    _, ended = board.follow((AgentSensor(REBOOT),), minutes(1))
    assert ended == [Change(CPU, "tar", False, minutes(1))]
    assert board.triggered() == [Change(REBOOT, None, True, NOON)]
    assert board.take({CPU: {"tar": Measured(95.0)}}, minutes(2)) == []


def test_new_limits_count_from_the_next_evaluation() -> None:
    board = board_with((CPU, {"hold": 0}))
    assert board.take({CPU: {"tar": Measured(50.0)}}, NOON) == []
    board.follow((AgentSensor(CPU, {"hold": 0, "limit": 40}),), minutes(1))
    assert board.take({CPU: {"tar": Measured(50.0)}}, minutes(1)) == [Change(CPU, "tar", True, minutes(1))]


class Fixed:
    """A collector whose one measure gives back the variables it was asked with."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def sample(self) -> None:
        """Nothing."""

    def measures(self) -> dict[str, Measure]:
        return {"boot.restart_pending": self.answer, "process.cpu_percent": self.answer}

    def answer(self, question: Question) -> Readings:
        self.questions.append(question)
        return Measured(True)


def test_a_source_is_asked_with_the_kits_variables_and_the_tenants_over_them() -> None:
    collector = Fixed()
    board = board_with((CPU, {"limit": 40}))
    board.read(Sources([collector], absent="none"), NOON)
    assert collector.questions == [Question({"limit": 40, "hold": 600}, NOON)]


def test_variables_that_do_not_fit_make_the_sensor_unavailable() -> None:
    board = board_with((REBOOT, {"limits": 5}))
    assert board.read(Sources([Fixed()], absent="none"), NOON) == {
        REBOOT: Unavailable("the configuration sets variables that this sensor cannot take: limits (unknown)")
    }


def test_on_a_platform_without_collectors_nothing_is_evaluated() -> None:
    board = SensorBoard(load_catalogue(), None)
    assert board.follow((AgentSensor(REBOOT),), NOON) == ([REBOOT], [])
    assert board.read(Sources([], absent="none"), NOON) == {}
