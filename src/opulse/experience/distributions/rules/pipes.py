"""Which values of a person a message needs, and under which slot of the mail frame each of them is filled in."""

from __future__ import annotations

from opulse.experience.distributions.models.records import MessageSpec
from opulse.templating.piped import CONTACT, EMBEDDED, parse_piped

OWN_SLOTS = {
    "m://FirstName": "first_name",
    "m://LastName": "last_name",
    "m://Email": "email",
    "l://SurveyLink": "survey_link",
    "l://SurveyURL": "survey_link",
    "l://OptOutLink": "unsubscribe_link",
    "l://OptOutURL": "unsubscribe_link",
}
"""Pipes that every invitation can fill: a column of its own, or a link."""


def message_pipes(message: MessageSpec) -> tuple[str, ...]:
    """The distinct keys of all texts of the message that differ from person to person, in a stable order."""
    texts = [message.subject, message.body]
    for wording in message.translations.values():
        texts += [wording.subject, wording.body]
    return tuple(dict.fromkeys(key for text in texts for key in parse_piped(text).keys))


def further_pipes(message: MessageSpec) -> tuple[str, ...]:
    """The keys whose values are frozen with each invitation, because no column of its own holds them."""
    sources = (CONTACT, EMBEDDED)
    return tuple(
        key for key in message_pipes(message) if key not in OWN_SLOTS and key.partition("://")[0] in sources
    )


def slot_names(message: MessageSpec) -> dict[str, str]:
    """Pipe key → slot of the mail frame. A pipe that nobody can fill has no slot and becomes nothing."""
    further = {key: f"field_{number}" for number, key in enumerate(further_pipes(message), start=1)}
    return {**OWN_SLOTS, **further}
