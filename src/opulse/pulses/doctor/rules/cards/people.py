"""The words of people and the tenant's mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Card, Kind, Severity

_F, _W, _A = Severity.FAULT, Severity.WARNING, Severity.ADVICE

PEOPLE: Final[Mapping[Kind, Card]] = {
    Kind.FATIGUE_TOO_STRICT: Card(
        _W,
        "A second incident within that time asks nobody who was asked before.",
        "Shorten the rule, or use One per activation.",
        "Set a gap of 30 days.",
    ),
    Kind.USERS_WITHOUT_CONTACT: Card(
        _W,
        "They are affected, and not asked.",
        "Import them as contacts, or let the task make contacts.",
        "Report a user whom the directory does not know.",
    ),
    Kind.USERS_WITHOUT_EMAIL: Card(
        _W,
        "They are affected, and nothing says whom to ask.",
        "Import people with their addresses, or contacts with the account name as external data reference.",
        "Report a user without an address.",
    ),
    Kind.CONTACTS_WITHOUT_EMAIL: Card(
        _W,
        "They cannot be mailed.",
        "Import their addresses, or choose the method Email and desktop.",
        "Put a contact without an address on the list.",
    ),
    Kind.MAIL_CLOSED: Card(
        _W,
        "Everybody else is spared with the reason not on the allow list.",
        "Open mail on Tenant Information when the trial is over.",
        "A new tenant is so.",
    ),
    Kind.MAIL_STOPPED: Card(
        _F, "Nothing is sent.", "Resume mail with the switch in the frame.", "Press Pause all mail."
    ),
    Kind.MAIL_HELD: Card(
        _F,
        "Invitations of before the backup may be out already, so an operator decides.",
        "Release sending on Tenant Information.",
        "Restore a backup.",
    ),
    Kind.CAP_TOO_LOW: Card(
        _A,
        "In a large incident some of the people are not asked.",
        "Raise the cap on Tenant Information, if that is not what you want.",
        "Set a cap below the size of a group.",
    ),
}
