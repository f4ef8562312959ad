"""A carrier in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from opulse.clock import Clock
from opulse.mail.carrier.carrying import Addressee, Leash
from opulse.mail.carrier.writing import Writer
from opulse.mail.models import Envelope, MessageRefused, Outcome, OutcomeReason, OutcomeState
from opulse.mail.smtp import Permit, RelayPool


class Carrier:
    """See :class:`~opulse.mail.carrier.carrying.Carries`."""

    def __init__(self, relays: RelayPool, clock: Clock) -> None:
        self._relays = relays
        self._clock = clock

    async def start(self) -> None:
        """Nothing is needed first."""

    async def carry(
        self, permit: Permit, writer: Writer, people: Sequence[Addressee], leash: Leash
    ) -> AsyncGenerator[Outcome]:
        envelopes: list[Envelope] = []
        now = self._clock.now()
        for person in people:
            try:
                envelopes.append(writer.write(person, now))
            except MessageRefused as refused:
                yield Outcome(person.key, OutcomeState.REFUSED, OutcomeReason.NOT_WRITABLE, text=str(refused))
            if writer.signer is not None:
                await asyncio.sleep(
                    0
                )  # a signature takes milliseconds: other bursts have their turn, and the sign of life
        async with aclosing(self._relays.send_burst(permit, envelopes, leash.must_stop)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def close(self) -> None:
        await self._relays.close()
