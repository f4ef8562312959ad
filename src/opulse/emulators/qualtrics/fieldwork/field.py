"""What is asked and answered, in memory. Time brings it on: mails leave at their date, people answer when they are due."""

from __future__ import annotations

import heapq
import random
import re
import string
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from opulse.clock import Clock
from opulse.emulators.qualtrics.brand import Brand
from opulse.emulators.qualtrics.fieldwork.models import (
    Answering,
    Asked,
    AskedState,
    Distribution,
    Export,
    Response,
    Survey,
)
from opulse.emulators.qualtrics.fieldwork.telling import response_of
from opulse.emulators.qualtrics.models import Contact, Refused

_LETTERS: Final = string.digits + string.ascii_letters
_SAME_MAIL: Final = timedelta(hours=12)
_PIPE: Final = re.compile(r"\$\{(e://Field|m)/*([^}/]+)\}")
_OF_CONTACT: Final[Mapping[str, Callable[[Contact], str]]] = {
    "FirstName": lambda one: one.first_name,
    "LastName": lambda one: one.last_name,
    "Email": lambda one: one.email,
    "ExternalDataReference": lambda one: one.ext_ref,
}


class Field:
    """One brand's surveys, distributions and responses. The seed decides ids, who answers, when and what."""

    def __init__(self, brand: Brand, clock: Clock, seed: int, answering: Answering) -> None:
        self.brand = brand
        self._clock = clock
        self._seed = seed
        self._answering = answering
        self._dice = random.Random(f"field/{seed}")  # noqa: S311  (repeatable ids, no secret)
        self.surveys: dict[str, Survey] = {}
        self.distributions: dict[str, Distribution] = {}
        self.responses: dict[str, list[Response]] = {}
        """Survey → its responses, in the order in which they were recorded."""
        self.by_id: dict[str, Response] = {}
        self.exports: dict[str, Export] = {}
        self.told: list[Callable[[Response], None]] = []
        """Whom to tell of each new response."""
        self._pending: dict[str, None] = {}
        self._due: list[tuple[datetime, int, str, int]] = []
        self._mailed: dict[tuple[str, str, str], datetime] = {}

    def make_id(self, prefix: str) -> str:
        """``prefix`` and 15 characters."""
        return prefix + "".join(self._dice.choices(_LETTERS, k=15))

    def add_survey(self, survey: Survey) -> None:
        self.surveys[survey.id] = survey
        self.responses[survey.id] = []

    def survey_of(self, survey_id: str) -> Survey:
        if survey_id not in self.surveys:
            raise Refused(404, "Survey not found.", "GSI_2")
        return self.surveys[survey_id]

    def distribution_of(self, distribution_id: str, survey_id: str = "") -> Distribution:
        """A distribution; with ``survey_id`` one of that survey."""
        found = self.distributions.get(distribution_id)
        if found is None or (survey_id and found.survey != survey_id):
            raise Refused(404, "Distribution not found.", "GED_3")
        return found

    def add_distribution(self, made: Distribution) -> None:
        """Take it; it leaves at its date."""
        self.distributions[made.id] = made
        if made.status == "Pending":
            self._pending[made.id] = None
        self.advance()

    def remove_distribution(self, distribution_id: str) -> None:
        """Cancel what is pending; what has left stays with whoever got it."""
        self.distribution_of(distribution_id)
        self._pending.pop(distribution_id, None)
        del self.distributions[distribution_id]

    def advance(self) -> None:
        """Let happen what is due by now."""
        now = self._clock.now()
        for one in [self.distributions[one] for one in self._pending]:
            if one.send_at <= now:
                del self._pending[one.id]
                self._send(one)
        while self._due and self._due[0][0] <= now:
            at, _, distribution_id, place = heapq.heappop(self._due)
            self._answer(distribution_id, place, at)

    def record(self, survey: Survey, values: Mapping[str, Any], at: datetime) -> Response:
        """Keep one more response and tell whoever wants to know."""
        made = response_of(self.make_id("R_"), survey, values, at)
        self.responses[survey.id].append(made)
        self.by_id[made.id] = made
        for tell in self.told:
            tell(made)
        return made

    def recipients(self, one: Distribution) -> list[Contact]:
        """Who is asked by a distribution as its list is now."""
        if one.lookup:
            return [self.brand.contacts[self.brand.with_lookup(one.lookup)]]
        return [self.brand.contacts[each] for each in self.brand.list_of(one.list_id).members]

    def lookup_of(self, contact: Contact, list_id: str) -> str:
        """A contact's id on a list."""
        return contact.lookups.get(list_id) or next(iter(contact.lookups.values()), "")

    def _send(self, one: Distribution) -> None:
        one.status = "Done"
        for contact in self.recipients(one):
            state = self._mail(one, contact)
            values = {name: contact.embedded.get(name, "") for name in self.surveys[one.survey].embedded}
            lookup = one.lookup or self.lookup_of(contact, one.list_id)
            values |= dict(one.embedded)
            one.asked.append(Asked(contact.id, lookup, contact.email, state, one.send_at, values))
            if state is AskedState.SENT:
                self._arrange(one, len(one.asked) - 1)

    def _mail(self, one: Distribution, contact: Contact) -> AskedState:
        """What becomes of one mail: the product drops the second of two with the same subject and body within 12 hours."""
        if not contact.email:
            return AskedState.FAILED
        if contact.unsubscribed:
            return AskedState.SKIPPED
        subject, body = (_piped(text, contact, one.embedded) for text in (one.header["subject"], one.message))
        key = (contact.email.lower(), subject, body)
        if (before := self._mailed.get(key)) is not None and one.send_at - before < _SAME_MAIL:
            return AskedState.SKIPPED
        self._mailed[key] = one.send_at
        return AskedState.SENT

    def _arrange(self, one: Distribution, place: int) -> None:
        """Whether and when somebody answers: the seed, the address and how many mails they had decide."""
        asked = one.asked[place]
        dice = random.Random(f"{self._seed}/{asked.email}/{one.header['subject']}")  # noqa: S311  (a simulation)
        willing, later = dice.random() < self._answering.share, dice.random()
        if willing:
            pause = self._answering.soonest + later * (self._answering.latest - self._answering.soonest)
            due = one.send_at + timedelta(seconds=pause)
            heapq.heappush(self._due, (due, len(self._due), one.id, place))

    def _answer(self, distribution_id: str, place: int, at: datetime) -> None:
        one = self.distributions.get(distribution_id)
        if one is None:  # deleted: its links lead nowhere
            return
        asked, survey = one.asked[place], self.surveys[one.survey]
        dice = random.Random(f"{self._seed}/{asked.email}/answers")  # noqa: S311  (a simulation)
        values: dict[str, Any] = {
            question.key: int(dice.choice(question.choices)[0]) if question.choices else "It comes and goes."
            for question in survey.questions
        }
        contact = self.brand.contacts.get(asked.contact)
        if contact is not None:
            values |= {"recipientEmail": contact.email, "externalDataReference": contact.ext_ref}
        values |= {"distributionChannel": "email"} | dict(asked.values)
        made = self.record(survey, values, at)
        asked.response, asked.answered_at, asked.state = made.id, at, AskedState.FINISHED


def _piped(text: str, contact: Contact, embedded: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] == "m":
            return _OF_CONTACT[found[2]](contact) if found[2] in _OF_CONTACT else ""
        return embedded.get(found[2]) or contact.embedded.get(found[2], "")

    return _PIPE.sub(value, text)
