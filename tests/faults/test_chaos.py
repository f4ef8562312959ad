"""The short form of `make chaos`: two passes, and what the bench itself must be able to do, or its tally is worth nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from bench.chaos.plan import Blow, RelayFault, draw
from bench.chaos.relay import Relay
from bench.chaos.verdict import Verdict
from bench.chaos.verdict import judge as judge_all
from tests.faults.evidence import Asked, Evidence
from tests.house.tree import ROOT

PEOPLE = frozenset({"a@example.org", "b@example.org"})
LEDGER = {"accepted": 2, "same_person": 1, "no_user": 1}
WELL = Evidence(
    activations=1,
    ever=4,
    reached=4,
    deliveries=Counter({"delivered": 2}),
    attempts=Counter({"accepted": 2}),
    runs=Counter({"succeeded": 3}),
    invitations={who: Asked("accepted", f"id-{who}", False) for who in PEOPLE},
    twice={},
    dead_jobs=0,
    looks=1,
    responses=0,
    counted=0,
)


@pytest.mark.faults
def test_two_passes_keep_every_promise() -> None:
    command = [sys.executable, "-m", "bench.chaos.run", "--runs", "2", "--seed", "6", "--people", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tally = json.loads(done.stdout.splitlines()[-1])
    assert (tally["runs"], tally["lost"], tally["doubled_records"], tally["broken"]) == (2, 0, 0, 0)
    assert tally["duplicates_at_sink"] <= tally["ambiguous"]
    assert tally["deaths_and_pauses"] > 0


def test_a_seed_is_a_plan() -> None:
    plans = [draw(seed, 2_000) for seed in range(300)]
    assert plans == [draw(seed, 2_000) for seed in range(300)]
    assert {one.blow for plan in plans for one in plan.strikes} == set(Blow)
    assert {one.fault for plan in plans for one in plan.mail} == set(RelayFault)
    for plan in plans:
        assert 1 <= len(plan.strikes) <= 3
        assert sum(share for share, _ in plan.batches) == pytest.approx(1)


def judge(
    people: frozenset[str], evidence: Evidence, ledger: dict[str, int], relay: Relay, *told: bytes
) -> Verdict:
    return judge_all(people, evidence, ledger, relay, told or [b"once"])


def taken(*who: str) -> Relay:
    relay = Relay()
    for one in who:
        relay.taken[one].append(f"id-{one}")
    return relay


def test_books_that_are_right_are_judged_so() -> None:
    assert judge(PEOPLE, WELL, LEDGER, taken(*PEOPLE)).broken == ()


def test_a_mail_that_the_relay_never_had_is_a_person_lost() -> None:
    verdict = judge(PEOPLE, WELL, LEDGER, taken("a@example.org"))
    assert verdict.lost == 1
    assert any("b@example.org" in sentence for sentence in verdict.broken)


@pytest.mark.parametrize("marked", [False, True])
def test_a_second_copy_breaks_the_promise_unless_it_is_marked(marked: bool) -> None:
    relay = taken(*PEOPLE, "a@example.org")
    rows = WELL.invitations | {"a@example.org": Asked("accepted", "id-a@example.org", marked)}
    verdict = judge(PEOPLE, replace(WELL, invitations=rows), LEDGER, relay)
    assert (verdict.copies, verdict.ambiguous, not verdict.broken) == (1, int(marked), marked)


def test_another_message_to_the_same_person_is_a_second_record() -> None:
    relay = taken(*PEOPLE)
    relay.taken["a@example.org"].append("another")
    assert judge(PEOPLE, WELL, LEDGER, relay).doubled == 1


@pytest.mark.parametrize("told", [False, True])
def test_a_refusal_must_have_been_said_by_the_relay(told: bool) -> None:
    relay = taken("a@example.org")
    if told:
        relay.refused.add("b@example.org")
    rows = WELL.invitations | {"b@example.org": Asked("refused", "id-b@example.org", False)}
    verdict = judge(PEOPLE, replace(WELL, invitations=rows), LEDGER | {"accepted": 1, "refused": 1}, relay)
    assert (verdict.lost, bool(verdict.broken)) == (int(not told), not told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"activations": 2},
        {"reached": 3},
        {"deliveries": Counter({"dead": 1})},
        {"attempts": Counter({"accepted": 1})},
        {"runs": Counter({"succeeded": 2, "failed": 1})},
        {"twice": {"task of a run": 1}},
        {"dead_jobs": 1},
        {"looks": 2},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_every_other_promise_is_looked_at(wrong: dict[str, object]) -> None:
    assert judge(PEOPLE, replace(WELL, **wrong), LEDGER, taken(*PEOPLE)).broken  # type: ignore[arg-type]


@pytest.mark.parametrize(("told", "kept"), [([b"a", b"a"], True), ([b"a", b"b"], False), ([], False)])
def test_a_receiver_is_told_at_least_once_and_the_same_each_time(told: list[bytes], kept: bool) -> None:
    assert (judge_all(PEOPLE, WELL, LEDGER, taken(*PEOPLE), told).broken == ()) is kept
