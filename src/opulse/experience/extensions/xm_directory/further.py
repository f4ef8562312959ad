"""The task's fields beyond the guide's page: when, library message and look, reminders and thank-yous."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection

from opulse.experience.distributions import DistributionKind, FollowUpWish, MessageSpec, SendWhen, Timing
from opulse.experience.distributions import views as distributions
from opulse.experience.workflows import FieldKind, FormField

WHEN = {
    "Immediately": SendWhen.IMMEDIATELY,
    "After a delay": SendWhen.AFTER_DELAY,
    "At a time of day": SendWhen.TIME_OF_DAY,
}
OWN = "contact"
MINUTES_MAX = 60 * 24 * 60


def _optional(
    name: str, label: str, kind: FieldKind = FieldKind.TEXT, help: str = "", default: str = ""
) -> FormField:
    return FormField(name, label, kind, required=False, help=help, default=default)


WHEN_FIELDS = (
    _optional(
        "delay_minutes",
        "Delay (minutes)",
        help="After a delay: so long after the event. Conditions are not looked at again.",
    ),
    _optional("time_of_day", "Time of day", help="At a time of day: such as 09:00."),
    _optional(
        "time_zone",
        "Time zone",
        help="'contact' (each person's own) or a zone such as Europe/Berlin.",
        default=OWN,
    ),
)
LIBRARY_FIELDS = (
    _optional(
        "library_message",
        "Library message",
        help="Its id (MS_…), from Distributions, Messages and looks. It takes the place of Subject and Message.",
    ),
    _optional("mail_template", "Look", help="Its id (MT_…), from the same page. Empty: the built-in look."),
)
FOLLOW_UP_FIELDS = (
    _optional(
        "reminder_minutes",
        "Reminder after (minutes)",
        help="To who has not answered so long after their mail left; empty: none.",
    ),
    _optional("reminder_subject", "Reminder: subject", FieldKind.PIPED),
    _optional("reminder_message", "Reminder: message", FieldKind.LONG),
    _optional("thank_you_minutes", "Thank-you after (minutes)", help="So long after an answer; empty: none."),
    _optional("thank_you_subject", "Thank-you: subject", FieldKind.PIPED),
    _optional("thank_you_message", "Thank-you: message", FieldKind.LONG),
)


class MessageGone(LookupError):
    """A library message or look that the task names is not there any more; the message names it."""


def check_further(conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
    """What is wrong with these fields as they were typed."""
    problems = _check_when(form)
    try:
        message_in(conn, tenant, form)
    except MessageGone as error:
        problems.append(str(error))
    for name, label in (("reminder_minutes", "Reminder"), ("thank_you_minutes", "Thank-you")):
        if form.get(name) and not 5 <= _minutes(form, name) <= MINUTES_MAX:
            problems.append(f"{label} after is a whole number of minutes from 5 to {MINUTES_MAX:,}")
        if form.get(name) and form.get("link_type") not in (None, "", "Individual"):
            problems.append(f"{label} needs individual links: else nobody knows who answered")
    return problems


def _check_when(form: Mapping[str, Any]) -> list[str]:
    problems = []
    when = WHEN.get(str(form.get("when") or "Immediately"))
    if when is SendWhen.AFTER_DELAY and not _minutes(form, "delay_minutes"):
        problems.append(f"Delay is a whole number of minutes from 1 to {MINUTES_MAX:,}")
    if when is SendWhen.TIME_OF_DAY:
        if _time(form) is None:
            problems.append("Time of day is written such as 09:00")
        if (zone := str(form.get("time_zone") or OWN)) != OWN and zone not in available_timezones():
            problems.append("Time zone is 'contact' or a zone such as Europe/Berlin")
    return problems


def message_in(conn: Connection, tenant: int, form: Mapping[str, Any]) -> MessageSpec:
    """The message that the form describes: its own texts, or those of the library. Raises MessageGone."""
    message = MessageSpec(
        subject=str(form.get("subject") or ""),
        body=str(form.get("message") or ""),
        from_address=str(form.get("from_address") or ""),
        from_name=str(form.get("from_name") or ""),
        reply_to=str(form.get("reply_to") or ""),
    )
    if wanted := str(form.get("library_message") or "").strip():
        found = distributions.find_message(conn, tenant, wanted)
        if found is None:
            raise MessageGone(f"Library message names no message: {wanted}")
        spec = found.spec()
        message = replace(message, subject=spec.subject, body=spec.body, translations=spec.translations)
    if wanted := str(form.get("mail_template") or "").strip():
        look = distributions.find_template(conn, tenant, wanted)
        if look is None:
            raise MessageGone(f"Look names no mail template: {wanted}")
        message = replace(message, template=look.id, mjml=look.source)
    return message


def read_timing(form: Mapping[str, Any]) -> Timing:
    """When the mails may leave."""
    return Timing(
        when=WHEN.get(str(form.get("when") or "Immediately"), SendWhen.IMMEDIATELY),
        delay=timedelta(minutes=_minutes(form, "delay_minutes")),
        at=_time(form) or time(9),
        zone=str(form.get("time_zone") or OWN),
    )


def read_follow_ups(form: Mapping[str, Any]) -> tuple[FollowUpWish, ...]:
    """The reminder and the thank-you that the form asks for."""
    kinds = (("reminder", DistributionKind.REMINDER), ("thank_you", DistributionKind.THANK_YOU))
    return tuple(
        FollowUpWish(
            kind,
            timedelta(minutes=minutes),
            MessageSpec(
                subject=str(form.get(f"{name}_subject") or ""),
                body=str(form.get(f"{name}_message") or ""),
                from_address=str(form.get("from_address") or ""),
                from_name=str(form.get("from_name") or ""),
                reply_to=str(form.get("reply_to") or ""),
            ),
        )
        for name, kind in kinds
        if (minutes := _minutes(form, f"{name}_minutes"))
    )


def _minutes(form: Mapping[str, Any], name: str) -> int:
    """0: nothing that is a number of minutes."""
    text = str(form.get(name) or "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return number if number <= MINUTES_MAX else 0


def _time(form: Mapping[str, Any]) -> time | None:
    text = str(form.get("time_of_day") or "").strip()
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if len(text) == 5 else None
    except ValueError:
        return None
