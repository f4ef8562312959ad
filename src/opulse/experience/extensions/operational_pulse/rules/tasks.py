"""Whom to ask about an affected system, and which sensors the event names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from opulse.bridges.qualtrics.models import FoundDistribution, SurveyMail
from opulse.experience.directory.models import Person
from opulse.experience.extensions.operational_pulse.models import (
    LAST_LOGON_DAYS,
    AffectedPerson,
    ReachReason,
    Target,
)
from opulse.wire.affected import AffectedSystem, AffectedUser, seconds_since

_DAY = 86_400
MAIL_FIELDS: Final = {
    "survey": "Qualtrics Survey ID",
    "subject": "Qualtrics subject",
    "message": "Qualtrics message",
    "from_email": "Qualtrics From Address",
    "from_name": "Qualtrics From Name",
    "reply_to": "Qualtrics Reply-To Email",
}
"""Fields of the form, with ``qualtrics_`` before them, and their labels."""
_UNLIKE: Final = ("${e://Field/lastAlarmAt}", "${e://Field/lastAlarmActivationId}")
_LINKS: Final = ("${l://SurveyLink", "${l://SurveyURL}")


def choose_people(systems: Iterable[AffectedSystem], as_of: str | None) -> list[AffectedPerson]:
    """Everybody logged on at activation; else the primary user; else the last one within 7 days (spine.md 4)."""
    chosen: list[AffectedPerson] = []
    for system in systems:
        name = system.system_name or system.fqdn or system.system_id
        users = _users_to_ask(system.users or [], as_of)
        if not users:
            chosen.append(AffectedPerson(system.system_id, name, None, ReachReason.NO_USER))
        for user in users:
            person = Person(user.user_id, user.email or "", user.first_name or "", user.last_name or "")
            chosen.append(AffectedPerson(system.system_id, name, person, ReachReason.REACHED))
    return chosen


def _users_to_ask(users: Sequence[AffectedUser], as_of: str | None) -> Sequence[AffectedUser]:
    logged_on = [user for user in users if user.is_logged_on]
    if logged_on:
        return logged_on
    primary = [user for user in users if user.is_primary]
    if primary:
        return primary
    recent = sorted(
        (since, user.user_id, user)
        for user in users
        if (since := seconds_since(user.last_logon, as_of)) is not None and since <= LAST_LOGON_DAYS * _DAY
    )
    return [recent[0][2]] if recent else []


def sensor_names(value: object) -> list[str]:
    """The names as the event carried them: a JSON array, or one text separated by commas."""
    if isinstance(value, list):
        return [str(name) for name in value if str(name).strip()]
    return [part.strip() for part in str(value or "").split(",") if part.strip()]


def is_on(value: object) -> bool:
    """Whether a switch of a form is on."""
    return str(value).lower() in ("true", "yes", "1", "on")


def qualtrics_target(form: Mapping[str, Any]) -> Target | None:
    """The directory at Qualtrics that the task writes into; None: it writes into one of ours."""
    if form.get("directory_at") != "qualtrics":
        return None
    directory, list_id = (
        str(form.get(name) or "").strip() for name in ("qualtrics_directory", "qualtrics_list")
    )
    return Target(directory, list_id, is_on(form.get("create_contacts", "")))


def qualtrics_mail(form: Mapping[str, Any]) -> SurveyMail | None:
    """The survey at Qualtrics that its people are asked with; None: its workflows ask, or nobody."""
    texts = {name: str(form.get(f"qualtrics_{name}") or "").strip() for name in MAIL_FIELDS}
    return SurveyMail(**texts) if texts["survey"] else None


def target_problems(target: Target, mail: SurveyMail | None) -> list[str]:
    """What is wrong with the ids as typed, and with the mail."""
    wanted = [("Qualtrics Directory ID", "POOL_", target.directory)]
    if mail is None or target.list_id:
        wanted.append(("Qualtrics List ID", "CG_", target.list_id))
    if mail is not None:
        wanted.append((MAIL_FIELDS["survey"], "SV_", mail.survey))
    problems = [
        f"{label} is {prefix} and 15 letters or digits, as Qualtrics shows it under Qualtrics IDs"
        for label, prefix, text in wanted
        if not (text.startswith(prefix) and len(text) == len(prefix) + 15 and text[len(prefix) :].isalnum())
    ]
    return problems + (_mail_problems(mail) if mail else [])


def _mail_problems(mail: SurveyMail) -> list[str]:
    needed = {"subject": mail.subject, "from_email": mail.from_email, "from_name": mail.from_name}
    problems = [f"{MAIL_FIELDS[name]} is missing" for name, text in needed.items() if not text]
    if mail.subject and not any(pipe in mail.subject for pipe in _UNLIKE):
        problems.append(
            f"Qualtrics subject needs {_UNLIKE[0]}: a second mail with the same subject and text within 12 hours is dropped there"
        )
    if not any(link in mail.message for link in _LINKS):
        problems.append("Qualtrics message needs the survey's link, ${l://SurveyLink?d=Take the survey}")
    return problems


def list_name(activation: str, task_run: str, batch: int) -> str:
    """What a batch's own mailing list at Qualtrics is called; no other batch's has this name."""
    return f"Operational Pulse {activation} {task_run}/{batch}"


def twins(found: Sequence[FoundDistribution]) -> tuple[list[FoundDistribution], list[FoundDistribution]]:
    """Of several distributions to one list all but the oldest are too many: (those that can be taken back, those that left)."""
    more = found[1:]
    return (
        [one for one in more if one.status == "Pending"],
        [one for one in more if one.status != "Pending"],
    )


def as_text_patch(sensors: Iterable[str], at: str) -> dict[str, str]:
    """What is written on a contact at Qualtrics, where embedded data is text; the activation's id comes with the page."""
    return {"lastAlarm": ", ".join(sensors), "lastAlarmAt": at}
