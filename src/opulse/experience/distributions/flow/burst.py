"""One burst: mails of one claim over one connection, outcomes written down as they come, the lease renewed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime, timedelta

from opulse.db import Priority
from opulse.db.wake import wait
from opulse.experience.distributions.flow.letters import Letters
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

SETTLE_SECONDS = 0.25  # outcomes are durable this soon, however slow the relay is

_MAIL_SECONDS = STAGE_SECONDS.labels("mail")  # looked up once, not per mail

log = get_logger("distributions.sending")


class Burst:
    """The mails of one claim. ``stopped`` is asked before each message's data."""

    def __init__(
        self,
        ports: Ports,
        carrier: Carries,
        letters: Letters,
        turn: Turn,
        claim: str,
        mails: list[ClaimedMail],
        lease: timedelta,
        lease_until: datetime,
        stopped: Callable[[], bool],
    ) -> None:
        self.turn = turn
        self._ports = ports
        self._carrier = carrier
        self._letters = letters
        self.claim = claim
        self._mails = {mail.id: mail for mail in mails}
        self._lease = lease
        self.until = lease_until
        """The end of the lease, as it stands now."""
        self._stopped = stopped
        self._unsettled: list[Settlement] = []
        self._over = asyncio.Event()
        self._lost = False
        self.accepted = 0
        self.trouble: OutcomeReason | None = None  # why the relay took none of some mails

    async def send(self, permit: Permit) -> None:
        """Send all of them; when this returns every outcome is written down, unless another has the claim by now."""
        keeper = asyncio.create_task(self._keep())
        try:
            people = [addressee(mail) for mail in self._mails.values()]
            writer = await self._letters.writer(self.turn, people)
            async with aclosing(self._carrier.carry(permit, writer, people, self)) as outcomes:
                async for outcome in outcomes:
                    self._take(outcome)
        finally:
            self._over.set()  # not cancelled: it may be writing outcomes down
            try:
                await keeper
            finally:
                await self._settle()

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

    def must_stop(self) -> bool:
        """Whether no further message may be begun."""
        return self._lost or self._stopped() or self._ports.clock.now() >= self.until

    async def _keep(self) -> None:
        """Write outcomes down while the relay takes its time, and renew the lease before it ends."""
        while not await wait(self._over, SETTLE_SECONDS):
            await self._settle()
            if self.until - self._ports.clock.now() < self._lease * 2 / 3:
                await self._renew()

    async def _renew(self) -> None:
        until = self._ports.clock.now() + self._lease
        kept = await self._ports.db.write_first(
            Priority.MAIL, claims.renew_lease, self.turn, self.claim, until
        )
        if kept:
            self.until = until
        else:
            self._lost = True

    async def _settle(self) -> None:
        settlements, self._unsettled = self._unsettled, []
        if not settlements:
            return
        try:
            written = await self._ports.db.write_first(
                Priority.MAIL, claims.settle_mails, self.turn.tenant, self.claim, settlements
            )
        except BaseException:
            self._unsettled = [*settlements, *self._unsettled]  # the next time, or when the burst ends
            raise
        if written < len(settlements):
            self._lost = True
            log.warning("outcomes came after the lease had ended", lost=len(settlements) - written)


def addressee(mail: ClaimedMail) -> Addressee:
    """What a mail's writer wants to know of a claimed one."""
    return Addressee(
        mail.id, mail.email, mail.first_name, mail.last_name, mail.language, mail.fields, mail.message_id
    )
