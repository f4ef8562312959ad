"""The books after a pass: what the rows say beside what the relay took, by the promises of docs/explain/exactly-once.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.chaos.relay import Relay
from tests.faults.evidence import Evidence

_ENDED = {"accepted", "refused", "unknown"}
RECEIVERS = 2


@dataclass(frozen=True)
class Verdict:
    """What a pass came to; ``broken`` says in words which promises were not kept."""

    lost: int
    doubled: int
    copies: int
    ambiguous: int
    unknown: int  # twice handed over, twice without an answer: left alone, and said
    unheard: int  # of those, whom the relay has no mail for: both deaths came before the mail had left
    refused: int
    broken: tuple[str, ...]


def judge(
    people: frozenset[str],
    evidence: Evidence,
    ledger: Mapping[str, int],
    relay: Relay,
    told: Sequence[bytes],
) -> Verdict:
    """``ledger``: systems by state. ``people``: everybody who must be asked. ``told``: what the second receiver was told."""
    taken = {who: ids for who, ids in relay.taken.items() if ids}
    lost = [who for who in people if _is_lost(who, evidence, relay)]
    others = sum(len(set(ids)) - 1 for ids in taken.values())
    doubled = sum(evidence.twice.values()) + max(0, evidence.activations - 1) + others
    states = [one.state for one in evidence.invitations.values()]
    unknown = [who for who, one in evidence.invitations.items() if one.state == "unknown"]
    return Verdict(
        lost=len(lost),
        doubled=doubled,
        copies=sum(len(ids) - 1 for ids in taken.values()),
        ambiguous=evidence.ambiguous,
        unknown=len(unknown),
        unheard=len([who for who in unknown if who not in taken]),
        refused=states.count("refused"),
        broken=(*_broken(people, evidence, ledger, relay, lost, doubled), *_broken_telling(told)),
    )


def _is_lost(who: str, evidence: Evidence, relay: Relay) -> bool:
    """Neither taken, nor refused for good, nor marked as one of whom nobody can say."""
    asked = evidence.invitations.get(who)
    if asked is None:
        return True
    if relay.taken.get(who):
        return False
    told = {"refused": who in relay.refused, "unknown": asked.ambiguous}
    return not told.get(asked.state, False)


def _broken(
    people: frozenset[str],
    evidence: Evidence,
    ledger: Mapping[str, int],
    relay: Relay,
    lost: list[str],
    doubled: int,
) -> Iterator[str]:
    if lost:
        yield f"lost: {_some(lost)}"
    if doubled:
        yield f"there twice: {[what for what, number in evidence.twice.items() if number] or 'activation or invitation'}"
    yield from _broken_mails(people, evidence, relay)
    yield from _broken_path(evidence)
    if not evidence.ever == evidence.reached == sum(ledger.values()):
        yield f"the ledger does not sum: ever {evidence.ever}, reached {evidence.reached}, ledger {dict(ledger)}"
    if ledger.get("same_person") != 1 or ledger.get("no_user") != 1:
        yield f"the ledger says {dict(ledger)}"


def _broken_mails(people: frozenset[str], evidence: Evidence, relay: Relay) -> Iterator[str]:
    rows = evidence.invitations
    if strangers := (rows.keys() | relay.taken.keys()) - people:
        yield f"asked without being affected: {_some(sorted(strangers))}"
    if going := [who for who, one in rows.items() if one.state not in _ENDED]:
        yield f"not ended: {_some(going)} { ({rows[who].state for who in going}) }"
    if silent := [who for who, one in rows.items() if one.state == "accepted" and not relay.taken.get(who)]:
        yield f"said to be accepted, and the relay has it not: {_some(silent)}"
    if plain := [who for who, ids in relay.taken.items() if len(ids) > 1 and not rows[who].ambiguous]:
        yield f"more than one copy without a mark: {_some(plain)}"
    if many := [who for who, ids in relay.taken.items() if len(ids) > 2]:
        yield f"more than two copies: {_some(many)}"
    if other := [
        who for who, ids in relay.taken.items() if who in rows and set(ids) != {rows[who].message_id}
    ]:
        yield f"a copy is another message: {_some(other)}"


def _broken_path(evidence: Evidence) -> Iterator[str]:
    if evidence.activations != 1:
        yield f"activations: {evidence.activations}"
    if evidence.deliveries != {"delivered": RECEIVERS}:
        yield f"deliveries: {dict(evidence.deliveries)}"
    # A process that is stopped past its lease and then wakes has told a receiver that its successor told as well: at least once,
    # with the same bytes and the same webhook-id (`_broken_telling`), is what a webhook can promise.
    if evidence.attempts["accepted"] < RECEIVERS:
        yield f"attempts: {dict(evidence.attempts)}"
    if evidence.runs.keys() != {"succeeded"}:
        yield f"runs: {dict(evidence.runs)}"
    if evidence.dead_jobs:
        yield f"dead jobs: {evidence.dead_jobs}"
    if evidence.looks > 1:
        yield f"loops that ask for newcomers: {evidence.looks}"


def _broken_telling(told: Sequence[bytes]) -> Iterator[str]:
    """At least once, and the same bytes each time."""
    if len(set(told)) != 1:
        yield f"the receiver was told {len(told)} times, in {len(set(told))} ways"


def _some(who: list[str]) -> str:
    return f"{len(who)} ({', '.join(who[:3])})"
