"""What is muted and by what, and whether a draft can be saved. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from opulse.monitoring.silences.models import (
    LONGEST,
    MAX_COMMENT,
    Inhibition,
    MuteReason,
    Silence,
    SilenceDraft,
    SilenceFault,
    SilenceProblem,
    Subject,
)


def matches_silence(silence: Silence, subject: Subject, now: datetime) -> bool:
    """Whether the silence holds now and for this subject. A sensor matches when it is one of the subject's."""
    return (
        silence.starts_at <= now < silence.ends_at
        and silence.notification in ("", subject.notification)
        and silence.group in ("", subject.group)
        and (not silence.sensor or silence.sensor in subject.sensors)
    )


def decide_mute(
    subject: Subject,
    silences: Iterable[Silence],
    inhibitions: Iterable[Inhibition],
    open_notifications: Collection[str],
    now: datetime,
) -> tuple[MuteReason, Silence | Inhibition] | None:
    """Why nobody is told of the subject now; None: its recipients are told. Of several silences the longest is named."""
    matching = [silence for silence in silences if matches_silence(silence, subject, now)]
    if matching:
        return MuteReason.SILENCED, max(matching, key=lambda silence: silence.ends_at)
    for inhibition in inhibitions:
        if subject.notification in inhibition.symptoms and inhibition.cause in open_notifications:
            return MuteReason.INHIBITED, inhibition
    return None


def check_silence(
    draft: SilenceDraft,
    now: datetime,
    *,
    notification_known: bool,
    sensor_known: bool,
    group_known: bool,
) -> tuple[SilenceProblem, ...]:
    """Everything that keeps the draft from being saved. What is empty counts as known."""
    problems = _check_times(draft, now)
    if not draft.comment.strip() or len(draft.comment) > MAX_COMMENT:
        text = f"Say why, in at most {MAX_COMMENT} characters: others will wonder why nobody was told."
        problems.append(SilenceProblem("comment", SilenceFault.COMMENT_MISSING, text))
    unknown = (
        (
            "notification",
            notification_known,
            SilenceFault.NOTIFICATION_UNKNOWN,
            "There is no such notification.",
        ),
        ("sensor", sensor_known, SilenceFault.SENSOR_UNKNOWN, f"There is no sensor named {draft.sensor!r}."),
        ("group", group_known, SilenceFault.GROUP_UNKNOWN, "There is no such group."),
    )
    problems += [SilenceProblem(field, fault, text) for field, known, fault, text in unknown if not known]
    return tuple(problems)


def check_inhibition(
    cause: str, symptoms: Collection[str], known: Mapping[str, str], others: Iterable[Inhibition]
) -> tuple[SilenceProblem, ...]:
    """Everything that keeps an inhibition from being saved.

    Args:
        known: id → name of the tenant's notifications.
        others: the inhibitions that there are: two causes must not mute each other, or nobody would ever be told.
    """
    problems = []
    if cause not in known:
        text = "Select the notification that is the cause."
        problems.append(SilenceProblem("cause", SilenceFault.NOTIFICATION_UNKNOWN, text))
    if not symptoms:
        text = "Select at least one notification that is a symptom of it."
        problems.append(SilenceProblem("symptoms", SilenceFault.NO_SYMPTOM, text))
    for symptom in symptoms:
        if symptom not in known:
            text = "There is no such notification among the symptoms."
            problems.append(SilenceProblem("symptoms", SilenceFault.NOTIFICATION_UNKNOWN, text))
    if cause in symptoms or _reaches(cause, symptoms, others):
        text = "A notification cannot mute itself, not even through others: nobody would ever be told."
        problems.append(SilenceProblem("symptoms", SilenceFault.MUTES_ITSELF, text))
    return tuple(problems)


def _reaches(cause: str, symptoms: Collection[str], others: Iterable[Inhibition]) -> bool:
    """Whether following causes to their symptoms leads back to ``cause``."""
    mutes: dict[str, set[str]] = {}
    for other in others:
        mutes.setdefault(other.cause, set()).update(other.symptoms)
    seen, waiting = set(symptoms), list(symptoms)
    while waiting:
        for further in mutes.get(waiting.pop(), set()) - seen:
            seen.add(further)
            waiting.append(further)
    return cause in seen


def _check_times(draft: SilenceDraft, now: datetime) -> list[SilenceProblem]:
    fault = SilenceFault.TIMES_INVALID
    if draft.starts_at is None or draft.ends_at is None:
        return [SilenceProblem("ends_at", fault, "Say when it starts and when it ends.")]
    if draft.ends_at <= now:
        return [SilenceProblem("ends_at", fault, "It would be over already: its end is in the past.")]
    if draft.starts_at >= draft.ends_at or draft.ends_at - draft.starts_at > LONGEST:
        return [
            SilenceProblem("ends_at", fault, f"It ends after it starts, at most {LONGEST.days} days later.")
        ]
    return []
