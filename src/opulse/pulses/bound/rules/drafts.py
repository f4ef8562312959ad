"""What a threshold says, what is wrong with a draft, and how a part differs from its pulse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from opulse.pulses.bound.models import (
    CHANNELS,
    NAME_MOST,
    AskedAt,
    Difference,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    SensorsAt,
    Where,
)

ANY, NUMBER, PERCENTAGE = "any", "number", "percentage"
"""The three options of *Activation*, as the notification calls them."""
_AT_SYSTRACK = ("token_url", "cloud_url", "client_id")
_AT_QUALTRICS = ("directory", "survey", "subject", "from_email", "from_name", "reply_to")


def read_threshold(text: str) -> tuple[str, str] | None:
    """Option and value of *1*, *25* or *10 %*; None: it says none of them."""
    bare = text.strip().replace(",", ".")
    share = bare.endswith("%")
    try:
        number = Decimal(bare.removesuffix("%").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or number <= 0:
        return None
    if share:
        whole = number * 100 == int(number * 100)
        return (PERCENTAGE, _plain(number)) if number <= 100 and whole else None
    if number != int(number) or number > 10_000_000:
        return None
    return (ANY, "1") if number == 1 else (NUMBER, _plain(number))


def write_threshold(option: str, value: Decimal) -> str:
    """The same as a person types it."""
    if option == ANY:
        return "1"
    return f"{_plain(value)} %" if option == PERCENTAGE else _plain(value)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def tidy(draft: PulseDraft) -> PulseDraft:
    """Without spaces around texts, each sensor once, the threshold as we write it."""
    read = read_threshold(draft.threshold)
    return PulseDraft(
        name=draft.name.strip(),
        sensors=tuple(dict.fromkeys(name.strip() for name in draft.sensors if name.strip())),
        group=draft.group,
        threshold=write_threshold(read[0], Decimal(read[1])) if read else draft.threshold.strip(),
        survey=draft.survey,
        message=draft.message.strip(),
        mailing_list=draft.mailing_list,
        channel=draft.channel,
        where=_tidy_where(draft.where),
    )


def _tidy_where(where: Where) -> Where:
    """Without spaces around texts, and without what does not matter where its halves are."""
    at_systrack, at_qualtrics = where.sensors is SensorsAt.SYSTRACK, where.asked is AskedAt.QUALTRICS
    matters = {
        "account": at_systrack or at_qualtrics,
        "webhook": where.asked is AskedAt.THEIR_WORKFLOWS,
        **dict.fromkeys(_AT_SYSTRACK, at_systrack),
        **dict.fromkeys(_AT_QUALTRICS, at_qualtrics),
    }
    texts: dict[str, Any] = {
        name: getattr(where, name).strip() if does else "" for name, does in matters.items()
    }
    return replace(where, **texts)


def check_draft(draft: PulseDraft, sensors: Collection[str], taken: Collection[str]) -> list[PulseProblem]:
    """What can be said without asking the wings. ``sensors``: known ones; ``taken``: other pulses' names, folded."""
    found: list[PulseProblem] = []

    def wrong(field: str, fault: PulseFault, text: str) -> None:
        found.append(PulseProblem(field, fault, text))

    if not draft.name:
        wrong("name", PulseFault.NAME, "Give the pulse a name.")
    elif len(draft.name) > NAME_MOST:
        wrong("name", PulseFault.NAME, f"A name has at most {NAME_MOST} characters.")
    elif draft.name.casefold() in taken:
        wrong("name", PulseFault.NAME, "Another pulse has this name; choose a different one.")
    unknown = [name for name in draft.sensors if name not in sensors]
    if not draft.sensors:
        wrong("sensors", PulseFault.SENSORS, "Choose at least one sensor.")
    elif unknown:
        names = ", ".join(unknown)
        way = "choose one of the list"
        if draft.where.sensors is SensorsAt.SYSTRACK:
            way = "take over SysTrack's names first, on the page Names from SysTrack"
        wrong("sensors", PulseFault.SENSORS, f"There is no sensor called {names}; {way}.")
    if not draft.group:
        wrong("group", PulseFault.GROUP, "Choose the group of systems that it watches.")
    if read_threshold(draft.threshold) is None:
        text = "Write how many systems, as 25, or how large a share of them, as 10 %."
        wrong("threshold", PulseFault.THRESHOLD, text)
    if draft.channel not in CHANNELS:
        wrong("channel", PulseFault.CHANNEL, f"Choose one of: {', '.join(CHANNELS)}.")
    return found


def compare(pulse: Mapping[str, str], here: Mapping[str, str]) -> tuple[Difference, ...]:
    """What a part says otherwise, by what it is about; of what the pulse does not speak nothing is said."""
    return tuple(
        Difference(what, here.get(what, ""), said)
        for what, said in pulse.items()
        if here.get(what, "") != said
    )


def list_of(names: Iterable[str]) -> str:
    """Names as they are compared: their order does not matter."""
    return ", ".join(sorted(set(names)))


def notes_on(draft: PulseDraft, others: Iterable[Pulse]) -> tuple[str, ...]:
    """Pulses whose alarms fulfil this one's conditions too, or the other way round: *contains* asks for no exact list."""
    mine = set(draft.sensors) if draft.where.asked is AskedAt.HERE else set()
    notes = []
    for other in others:
        if other.draft.where.asked is not AskedAt.HERE:
            continue  # no conditions here ask for it
        theirs = set(other.draft.sensors)
        if mine and theirs and mine <= theirs:
            notes.append(
                f"An alarm of {other.draft.name} names all sensors of this pulse, so it asks with this one too."
            )
        elif mine and theirs and theirs < mine:
            notes.append(
                f"An alarm of this pulse names all sensors of {other.draft.name}, so it asks with that one too."
            )
    return tuple(notes)
