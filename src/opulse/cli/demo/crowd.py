"""The people behind the mails: whoever is willing answers some minutes of scaled time after the mail came."""

from __future__ import annotations

import asyncio

from opulse.cli.demo.installation import Say
from opulse.cli.demo.running import Demo
from opulse.clock import ScaledClock
from opulse.emulators.people import AnswerFailed, Respondents, Visit, temper_of

PACE = 30.0
"""How much faster than real people they are: four minutes pass in eight seconds."""


class Crowd:
    """Everybody but you. ``notice`` is called by the mail sink for each mail it has kept."""

    def __init__(self, demo: Demo, say: Say, pace: float = PACE) -> None:
        self._demo = demo
        self._say = say
        self._people = Respondents(ScaledClock(pace))
        self._languages = {
            person.email: person.language for person in demo.estate.people() if person != demo.estate.you
        }
        self._busy: set[asyncio.Task[None]] = set()
        self._failures = 0

    def notice(self, number: int) -> None:
        """A mail came. Most people find time for it."""
        task = asyncio.create_task(self._take_up(number), name=f"mail {number}")
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def aclose(self) -> None:
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await self._people.aclose()

    async def _take_up(self, number: int) -> None:
        mail = self._demo.inbox.mailbox.get_message(number)
        if mail is None or not mail.survey_link or mail.summary.rcpt_to not in self._languages:
            return
        address = mail.summary.rcpt_to
        temper = temper_of(self._demo.state.seed, address, mail.summary.message_id)
        if not temper.willing:
            return
        try:
            await self._people.answer_in_time(Visit(mail.survey_link, self._languages[address], temper))
        except AnswerFailed as failed:
            self._failures += 1
            if self._failures == 1:
                self._say(f"A simulated person could not answer: {failed}")
