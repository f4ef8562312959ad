"""The sender's books: claims and outcomes of the moment go into one unit, and one bad row stops no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import SystemClock
from opulse.db import Database
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.rounds import Claim, Rounds
from opulse.experience.distributions.models import Settlement, Turn
from opulse.experience.distributions.rules import decide_settlement
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState, Stage
from opulse.ports import Ports
from tests.servers.installation import open_ports
from tests.unit.experience.distributions.town import Town, build_town

pytestmark = pytest.mark.stores

LEASE = timedelta(seconds=30)


def rounds_of(ports: Ports, on_their_way: int = 0) -> Rounds:
    return Rounds(ports, LEASE, lambda: on_their_way)


async def asked(ports: Ports, people: int) -> tuple[Town, Turn]:
    town = await build_town(ports, people)
    result = await ask(ports, town.request())
    assert result.distribution
    return town, Turn(town.tenant, result.distribution, 5)


def settled(claim: Claim, state: OutcomeState = OutcomeState.ACCEPTED) -> list[Settlement]:
    return [
        decide_settlement(
            one, Outcome(one.id, state, OutcomeReason.REPLY, Stage.END, 250, "ok"), SystemClock().now()
        )
        for one in claim.mails
    ]


async def test_claims_of_the_moment_share_a_unit_and_no_mail(db: Database) -> None:
    async with open_ports(db, SystemClock()) as ports:
        _, turn = await asked(ports, 12)
        rounds = rounds_of(ports)
        claims = await asyncio.gather(*(rounds.claim(turn, 5) for _ in range(4)))
        assert [len(one.mails) for one in claims] == [5, 5, 2, 0]
        assert len({mail.id for one in claims for mail in one.mails}) == 12
        assert len({one.id for one in claims}) == 1


async def test_a_round_waits_a_moment_for_what_is_on_its_way(db: Database) -> None:
    async with open_ports(db, SystemClock()) as ports:
        _, turn = await asked(ports, 10)
        rounds = rounds_of(ports, on_their_way=2)
        first = rounds.claim(turn, 5)
        await asyncio.sleep(0)
        second = rounds.claim(turn, 5)
        assert (await first).id == (await second).id
        alone = await asyncio.wait_for(rounds.claim(turn, 5), 5)  # no other comes: it goes by itself
        assert alone.mails == []


async def test_outcomes_are_written_of_what_the_claim_still_sends(db: Database) -> None:
    async with open_ports(db, SystemClock()) as ports:
        town, turn = await asked(ports, 6)
        rounds = rounds_of(ports)
        claim = await rounds.claim(turn, 4)
        outcomes = settled(claim)
        written, foreign, further = await asyncio.gather(
            rounds.settle(turn.tenant, claim.id, outcomes[:3]),
            rounds.settle(turn.tenant, "another claim", outcomes[3:]),
            rounds.claim(turn, 4),
        )
        assert (written, foreign, len(further.mails)) == (3, 0, 2)
        assert await town.states() == {"accepted": 3, "sending": 3}
        assert await rounds.settle(turn.tenant, claim.id, outcomes) == 1, "the three are not sent any more"


async def test_a_deferred_mail_may_be_claimed_in_the_very_round_that_writes_it_down(db: Database) -> None:
    async with open_ports(db, SystemClock()) as ports:
        _, turn = await asked(ports, 1)
        rounds = rounds_of(ports)
        claim = await rounds.claim(turn, 1)
        back = settled(claim, OutcomeState.NOT_SENT)
        _, again = await asyncio.gather(rounds.settle(turn.tenant, claim.id, back), rounds.claim(turn, 1))
        assert [mail.id for mail in again.mails] == [claim.mails[0].id]


async def test_an_outcome_that_cannot_be_written_stops_neither_other_outcomes_nor_claims(
    db: Database,
) -> None:
    async with open_ports(db, SystemClock()) as ports:
        town, turn = await asked(ports, 6)
        rounds = rounds_of(ports)
        claim = await rounds.claim(turn, 4)
        good, other, *_ = settled(claim)
        odd: Any = object()  # no JSON: the unit raises
        bad, written, further = await asyncio.gather(
            rounds.settle(turn.tenant, claim.id, [other._replace(relay_text=odd)]),
            rounds.settle(turn.tenant, claim.id, [good]),
            rounds.claim(turn, 4),
            return_exceptions=True,
        )
        assert isinstance(bad, TypeError)
        assert written == 1
        assert isinstance(further, Claim)
        assert len(further.mails) == 2
        assert await rounds.settle(turn.tenant, claim.id, [other]) == 1, "tried again, as it is now"
        assert await town.states() == {"accepted": 2, "sending": 4}


async def test_who_walked_away_from_a_claim_takes_nothing_from_the_others(db: Database) -> None:
    async with open_ports(db, SystemClock()) as ports:
        _, turn = await asked(ports, 10)
        rounds = rounds_of(ports)
        gone, stays = rounds.claim(turn, 5), rounds.claim(turn, 5)
        gone.cancel()
        assert len((await stays).mails) == 5
