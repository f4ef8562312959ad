"""The contract of the guide: the list of conditions must match the list of sensors (weak points 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import urlsplit

from opulse.experience.workflows.models import Workflow
from opulse.monitoring.recipients.models import Webhook
from opulse.pulses.doctor.facts import Facts, Place
from opulse.pulses.doctor.models import Action, Button, Finding, Kind
from opulse.pulses.doctor.rules.pairing import Pair, about, askers, fold, names_of, pairs


def check_sensors(facts: Facts) -> Iterator[Finding]:
    """Names in conditions that are no sensor (any more), and sensors of notifications that are off."""
    known = {fold(name): name for name in facts.sensors}
    for asker in askers(facts):
        for folded, name in asker.wanted.items():
            if folded not in known:
                close = get_close_matches(folded, known, 1, 0.75)
                hint = f" Did you mean {known[close[0]]}?" if close else ""
                what = f"The condition on lastAlarm names {name!r}, which is no sensor.{hint}"
                yield Finding(Kind.SENSOR_UNKNOWN, about(asker.workflow), what)
    for notification in facts.notifications:
        for sensor in notification.sensors:
            if not facts.sensors.get(sensor.name, True):
                what = f"It watches {sensor.name}, which is switched off."
                yield Finding(Kind.SENSOR_OFF, about(notification), what)


def check_pairs(facts: Facts) -> Iterator[Finding]:
    """Missing and extra sensors, and who has no partner."""
    paired = pairs(facts)
    for pair in paired:
        sent, wanted = names_of(pair.notification), pair.asker.wanted
        workflow, name = pair.asker.workflow, pair.notification.name
        also = (about(pair.notification).page,)
        missing = [sent[key] for key in sent if key not in wanted]
        extra = [wanted[key] for key in wanted if key not in sent]
        if missing:
            is_flat = workflow.document.conditions.mode == "all"
            button = Button(Action.ADD_SENSORS, workflow.id, pair.notification.id) if is_flat else None
            what = f"The notification {name} sends {_listed(missing)}, which no condition names."
            yield Finding(Kind.SENSOR_MISSING, about(workflow), what, button, also)
        if extra:
            what = f"The conditions want {_listed(extra)}, which the notification {name} does not send."
            yield Finding(Kind.SENSOR_EXTRA, about(workflow), what, also=also)
        if pair.asker.any_of and pair.notification.needed_sensors > 1:
            what = f"One of its sensors is enough here, while the notification {name} wants them together."
            yield Finding(Kind.ANY_SENSOR, about(workflow), what, also=also)
    yield from _without_partner(facts, paired)


def _without_partner(facts: Facts, paired: list[Pair]) -> Iterator[Finding]:
    served = {pair.notification.id for pair in paired}
    has_webhook = {
        one.id for one in facts.recipients if one.webhook and not _asks_there(one.webhook, facts.place)
    }
    if any(_writes_there(workflow) for workflow in facts.workflows):
        has_webhook = set()  # who asks is at Qualtrics, where the doctor does not see
    for notification in facts.notifications:
        if notification.id not in served and has_webhook & set(notification.recipients):
            what = "It tells a webhook, and the conditions of no workflow name its sensors."
            yield Finding(Kind.NO_WORKFLOW, about(notification), what)
    told_elsewhere = any(_takes_from_elsewhere(workflow, facts.place) for workflow in facts.workflows)
    in_pairs = {pair.asker.workflow.id for pair in paired}
    for asker in askers(facts):
        if not asker.wanted and not asker.lines:
            what = "It listens to lastAlarm and has no condition on it."
            yield Finding(Kind.NO_CONDITIONS, about(asker.workflow), what)
        elif asker.wanted and asker.workflow.id not in in_pairs and not told_elsewhere:
            what = f"It waits for {_listed(list(asker.wanted.values()))}, which no notification sends."
            yield Finding(Kind.NO_NOTIFICATION, about(asker.workflow), what)


def check_asked_twice(facts: Facts) -> Iterator[Finding]:
    """One activation that lets people through in two workflows."""
    for notification in facts.notifications:
        both = [one.workflow for one in askers(facts) if one.workflow.enabled and one.satisfied(notification)]
        if len(both) > 1:
            names = _listed([workflow.document.name for workflow in both])
            also = tuple(about(workflow).page for workflow in both)
            what = f"One activation starts {names}."
            yield Finding(Kind.ASKED_TWICE, about(notification), what, also=also)


def check_names(facts: Facts) -> Iterator[Finding]:
    """*contains* on a text: Disk is part of Disk Latency. A list is compared by its members, so it has no such trouble."""
    if not facts.text_alarm:
        return
    sent = {key: name for one in facts.notifications for key, name in names_of(one).items()}
    for asker in askers(facts):
        for key, name in asker.wanted.items():
            longer = [sent[other] for other in sent if key in other and key != other]
            if longer:
                what = f"{name!r} is part of {_listed(longer)}, and lastAlarm is a text here."
                yield Finding(Kind.PART_OF_NAME, about(asker.workflow), what)


def _asks_there(webhook: Webhook, place: Place) -> bool:
    """Whether it tells a JSON event of Qualtrics, whose workflows are not here. Our own events have the same path."""
    shown = urlsplit(webhook.url or webhook.url_shown)
    if (shown.hostname or "").endswith(".qualtrics.com"):
        return True
    is_event = shown.path.startswith("/inbound-event/")
    return is_event and shown.netloc.lower() != urlsplit(place.public_url).netloc.lower()


def _writes_there(workflow: Workflow) -> bool:
    """Whether it writes lastAlarm into a directory at Qualtrics."""
    return workflow.enabled and any(
        task.type == "operational_pulse" and task.form.get("directory_at") == "qualtrics"
        for task in workflow.document.tasks
    )


def _takes_from_elsewhere(workflow: Workflow, place: Place) -> bool:
    """Whether a real SysTrack tells it, whose notifications the doctor does not see."""
    own = {urlsplit(url).netloc.lower() for url in (place.public_url, place.monitoring_url)}
    return workflow.enabled and any(
        task.type == "operational_pulse" and _host(str(task.form.get("cloud_url") or "")) not in {"", *own}
        for task in workflow.document.tasks
    )


def _host(url: str) -> str:
    return urlsplit(url if "://" in url else f"//{url}").netloc.lower()


def _listed(names: list[str]) -> str:
    return ", ".join(names)
