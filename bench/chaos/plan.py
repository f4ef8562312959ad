"""What goes wrong in one pass: drawn from a seed, so that the same seed gives the same pass. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

from tests.faults.points import POINTS

T = TypeVar("T")


class Blow(StrEnum):
    """What happens to a process."""

    KILL = "kill"  # SIGKILL, at a moment
    POINT = "point"  # it kills itself at a named point of the path
    PAUSE = "pause"  # SIGSTOP, and SIGCONT later


class RelayFault(StrEnum):
    """How the mail relay misbehaves."""

    SLOW = "slow"  # every answer late
    BUSY = "busy"  # 421 instead of a greeting
    CLOSES = "closes"  # 421 in the middle of a session
    DEFERS = "defers"  # 451 to a recipient
    REFUSES = "refuses"  # 550 to a recipient
    ERRS = "errs"  # 554 at the end of a message
    LOSES = "loses"  # takes the message and drops the connection without an answer
    FORGETS = "forgets"  # drops the connection after the message, and has not taken it
    DIES = "dies"  # every connection is cut and none is accepted for a while


class FrontFault(StrEnum):
    """How whoever receives HTTP misbehaves: webhook, token, affected systems."""

    SLOW = "slow"
    REFUSES = "refuses"  # the connection is cut before anything is read
    BUSY = "busy"  # 429 with Retry-After
    UNAVAILABLE = "unavailable"  # 503
    LOSES = "loses"  # the request is carried out, its answer is lost


@dataclass(frozen=True)
class Moment:
    """After ``seconds`` from the first report, or once the relay was offered ``mails``, where that is above 0."""

    seconds: float = 0.0
    mails: int = 0


@dataclass(frozen=True)
class Strike:
    """One blow at process number ``process`` (modulo their number). ``seconds``: of the pause, or until the restart."""

    blow: Blow
    process: int
    at: Moment
    seconds: float
    point: str = ""


@dataclass(frozen=True)
class MailTrouble:
    """From the ``mail``-th mail offered on, for ``mails`` of them; ``seconds``: per answer, or how long the relay is dead."""

    fault: RelayFault
    mail: int
    mails: int = 1
    seconds: float = 0.0


@dataclass(frozen=True)
class HttpTrouble:
    """Of the requests to ``door`` (webhook, receiver, token, systems) the ``request``-th, from 1."""

    fault: FrontFault
    door: str
    request: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """One pass. ``batches``: what part of the systems each batch reports, and how long after the first one it is sent."""

    seed: int
    strikes: tuple[Strike, ...]
    mail: tuple[MailTrouble, ...]
    http: tuple[HttpTrouble, ...]
    batches: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        blows = [f"{one.blow}{f'@{one.point}' if one.point else ''}" for one in self.strikes]
        return (
            f"[{' '.join(blows) or '-'}] relay [{' '.join(one.fault for one in self.mail) or '-'}] "
            f"http [{' '.join(f'{one.door}:{one.fault}' for one in self.http) or '-'}]"
        )


# weights: a 451 costs the pass half a minute, because a deferred person is tried again after 30 s
_BLOWS = {Blow.KILL: 6, Blow.POINT: 4, Blow.PAUSE: 3}
_RELAY = {
    RelayFault.SLOW: 6,
    RelayFault.BUSY: 6,
    RelayFault.CLOSES: 6,
    RelayFault.DEFERS: 1,
    RelayFault.REFUSES: 4,
    RelayFault.ERRS: 4,
    RelayFault.LOSES: 8,
    RelayFault.FORGETS: 5,
    RelayFault.DIES: 5,
}
_HTTP = {
    FrontFault.SLOW: 2,
    FrontFault.REFUSES: 3,
    FrontFault.BUSY: 3,
    FrontFault.UNAVAILABLE: 3,
    FrontFault.LOSES: 5,
}


_DOORS = (("webhook", 0.4, 1), ("receiver", 0.4, 1), ("token", 0.05, 1), ("systems", 0.15, 4))
"""Door, how often it is in trouble, among how many requests."""
_OFTEN = ("page.taken", "task.done", "invitations.inserted", "mails.claimed")
"""Points that a pass comes by more than once."""


def draw(seed: int, people: int) -> Plan:
    """The plan of ``seed`` for a pass of ``people``."""
    random = Random(seed)
    return Plan(
        seed,
        tuple(_strike(random, people) for _ in range(random.choice((1, 1, 2, 2, 3)))),
        tuple(_mail(random, people) for _ in range(random.choice((0, 1, 1, 2, 3)))),
        _http(random),
        _batches(random),
    )


def _strike(random: Random, people: int) -> Strike:
    blow = _weighted(random, _BLOWS)
    by_mails = random.random() < 0.5
    at = (
        Moment(mails=random.randrange(1, people))
        if by_mails
        else Moment(seconds=round(random.uniform(0, 2.5), 2))
    )
    seconds = round(random.uniform(0.3, 5.0) if blow is Blow.PAUSE else random.uniform(0, 1), 2)
    if blow is not Blow.POINT:
        return Strike(blow, random.randrange(8), at, seconds)
    name = random.choice([one.partition(" ")[0] for one in POINTS.values()])
    passings = people // 4 if name.startswith("mail.") else 3 if name in _OFTEN else 2
    passing = random.randrange(1, passings)
    return Strike(blow, random.randrange(8), Moment(), seconds, f"{name} {passing}")


def _mail(random: Random, people: int) -> MailTrouble:
    fault = _weighted(random, _RELAY)
    mail = random.randrange(people)
    match fault:
        case RelayFault.SLOW:
            return MailTrouble(fault, mail, random.randrange(20, 100), round(random.uniform(0.01, 0.1), 3))
        case RelayFault.DIES:
            return MailTrouble(fault, mail, 1, round(random.uniform(0.2, 2), 2))
        case RelayFault.BUSY:  # each one makes the sender rest longer: 0.5, 1, 2, 5 s
            return MailTrouble(fault, mail, random.randrange(1, 5))
        case RelayFault.LOSES | RelayFault.FORGETS:
            return MailTrouble(fault, mail, random.randrange(1, 6))
        case _:
            return MailTrouble(fault, mail, random.randrange(1, 20))


def _http(random: Random) -> tuple[HttpTrouble, ...]:
    """At most one at each door: a webhook waits 1, then 5, then 15 s, and a fetch 5 s."""
    made = []
    for door, share, requests in _DOORS:
        if random.random() < share:
            fault = _weighted(random, _HTTP)
            made.append(
                HttpTrouble(fault, door, random.randrange(requests) + 1, round(random.uniform(0.1, 1), 2))
            )
    return tuple(made)


def _batches(random: Random) -> tuple[tuple[float, float], ...]:
    """One to four batches within 1.5 s; the first one is enough to activate, the rest joins."""
    cuts = sorted(random.uniform(0.02, 1) for _ in range(random.randrange(4)))
    times = [0.0, *sorted(round(random.uniform(0, 1.5), 2) for _ in cuts)]
    shares = [after - before for before, after in zip([0.0, *cuts], [*cuts, 1.0], strict=True)]
    return tuple(zip(shares, times, strict=True))


def _weighted(random: Random, weights: dict[T, int]) -> T:
    return random.choices(list(weights), list(weights.values()))[0]
