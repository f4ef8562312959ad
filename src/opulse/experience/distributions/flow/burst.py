"""One burst: mails of one claim over one connection, outcomes written down as they come, the lease renewed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import timedelta

from opulse.db import Priority
from opulse.experience.distributions.flow.letters import Letters
from opulse.experience.distributions.flow.rounds import Claim, Rounds
from opulse.experience.distributions.models import (
    ClaimedMail,
    Settlement,
    Turn,
)
from opulse.experience.distributions.rules import decide_settlement
from opulse.experience.distributions.store import claims
from opulse.mail.carrier import Addressee, Carries
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState
from opulse.mail.smtp import Permit
from opulse.observe import faults, get_logger
from opulse.observe.metrics import MAILS, STAGE_SECONDS
from opulse.ports import Ports

AGAIN_SECONDS = 1.0  # until outcomes that could not be written down are tried again

_MAIL_SECONDS = STAGE_SECONDS.labels("mail")  # looked up once, not per mail

log = get_logger("distributions.sending")


class Burst:
    """The mails of one claim. ``stopped`` is asked before each message's data.

    Whoever runs bursts calls :meth:`keep` of each that is on its way, often.
    """

    def __init__(
        self,
        ports: Ports,
        carrier: Carries,
        letters: Letters,
        rounds: Rounds,
        turn: Turn,
        claim: Claim,
        lease: timedelta,
        stopped: Callable[[], bool],
    ) -> None:
        self.turn = turn
        self._ports = ports
        self._carrier = carrier
        self._letters = letters
        self._rounds = rounds
        self._claim = claim.id
        self._mails = {mail.id: mail for mail in claim.mails}
        self._lease = lease
        self.until = claim.until
        """The end of the lease, as it stands now."""
        self._stopped = stopped
        self._unsettled: list[Settlement] = []
        self._writing: set[asyncio.Task[None]] = set()
        self._lost = False
        self.accepted = 0
        self.trouble: OutcomeReason | None = None  # why the relay took none of some mails

    async def send(self, permit: Permit) -> None:
        """Send all of them. When this returns every outcome is known and is being written down: see :meth:`written`."""
        try:
            people = [addressee(mail) for mail in self._mails.values()]
            writer = await self._letters.writer(self.turn, people)
            async with aclosing(self._carrier.carry(permit, writer, people, self)) as outcomes:
                async for outcome in outcomes:
                    self._take(outcome)
        finally:
            self._settle()

    async def written(self) -> None:
        """Once every outcome is written down, unless another has the claim by now. A database that is away for a while is
        tried again until the lease has ended, when these mails become *unknown*."""
        clock = asyncio.get_running_loop()
        end = clock.time() + self._lease.total_seconds()
        while True:
            while self._writing:
                await asyncio.wait(self._writing)
            if not self._unsettled:
                return
            if clock.time() >= end:
                log.error("outcomes could not be written down", lost=len(self._unsettled))
                return
            await asyncio.sleep(AGAIN_SECONDS)
            self._settle()

    async def keep(self) -> None:
        """Write outcomes down while the relay takes its time, and renew the lease before it ends."""
        self._settle()
        if self.until - self._ports.clock.now() < self._lease * 2 / 3:
            await self._renew()

    def _settle(self) -> None:
        """Begin to write down what is known by now."""
        settlements, self._unsettled = self._unsettled, []
        if settlements:
            asked = self._rounds.settle(self.turn.tenant, self._claim, settlements)
            writing = asyncio.create_task(self._write(settlements, asked))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)

    async def _write(self, settlements: list[Settlement], asked: asyncio.Future[int]) -> None:
        try:
            written = await asked
        except Exception as error:
            self._unsettled = [*settlements, *self._unsettled]  # with those that come next
            log.error("outcomes were not written down and are tried again", exc_info=error)
            return
        if written < len(settlements):
            self._lost = True
            log.warning("outcomes came after the lease had ended", lost=len(settlements) - written)

    def must_stop(self) -> bool:
        """Whether no further message may be begun."""
        return self._lost or self._stopped() or self._ports.clock.now() >= self.until

    def _take(self, outcome: Outcome) -> None:
        MAILS.labels(outcome.state.value, outcome.reason.value).inc()
        mail, now = self._mails[outcome.key], self._ports.clock.now()
        if outcome.state is OutcomeState.ACCEPTED:
            self.accepted += 1
            _MAIL_SECONDS.observe((now - mail.asked_at).total_seconds())
            faults.point("mail.accepted")
        elif outcome.state is OutcomeState.NOT_SENT and outcome.reason is not OutcomeReason.STOPPED:
            self.trouble = outcome.reason
        self._unsettled.append(decide_settlement(mail, outcome, now))

    async def _renew(self) -> None:
        until = self._ports.clock.now() + self._lease
        kept = await self._ports.db.write_first(
            Priority.MAIL, claims.renew_lease, self.turn, self._claim, until
        )
        if kept:
            self.until = until
        else:
            self._lost = True


def addressee(mail: ClaimedMail) -> Addressee:
    """What a mail's writer wants to know of a claimed one."""
    return Addressee(
        mail.id,
        mail.email,
        mail.first_name,
        mail.last_name,
        mail.language,
        mail.fields,
        mail.message_id,
        mail.of_invitation,
    )
