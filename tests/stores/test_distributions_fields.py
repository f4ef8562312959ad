"""The task's further fields: when, transaction data, reminders with the request, the duplicate screen, statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.experience.distributions import (
    DistributionKind,
    FollowUpWish,
    MessageSpec,
    SendWhen,
    SpareReason,
    Timing,
    Wording,
)
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.following import list_follow_ups
from opulse.experience.distributions.flow.library import save_message, save_template
from opulse.experience.distributions.flow.reading import get_distribution, outlook_of
from opulse.experience.distributions.flow.steering import confirm
from opulse.experience.distributions.models.library import MessageCategory
from opulse.experience.distributions.rules import decide_due
from opulse.experience.distributions.store.sending import list_due
from opulse.experience.extensions.xm_directory.further import (
    MessageGone,
    check_further,
    message_in,
    read_follow_ups,
    read_timing,
)
from opulse.mail.models import Relay
from opulse.mail.shell import STARTER
from opulse.ports import Ports
from tests.unit.experience.distributions.town import Town, build_town

pytestmark = pytest.mark.stores
DELAY = timedelta(hours=2)


async def due(ports: Ports) -> int:
    return len(await ports.db.read(list_due, ports.clock.now()))


async def test_after_a_delay_nothing_leaves_before(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    await ask(ports, town.request(timing=Timing(SendWhen.AFTER_DELAY, DELAY)))
    rows = await town.rows()
    assert {row["next_try_at"] for row in rows} == {clock.now() + DELAY}
    assert {row["send_by"] for row in rows} == {clock.now() + DELAY + ports.limits.send_by}
    assert {row["expires_at"] for row in rows} == {clock.now() + DELAY + ports.limits.link_life}
    assert await due(ports) == 0
    clock.advance(DELAY.total_seconds())
    assert await due(ports) == 1


async def test_a_delayed_one_that_waited_for_a_yes_still_keeps_its_time(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 3)
    await town.switch(confirm_above=2)
    made = await ask(ports, town.request(timing=Timing(SendWhen.AFTER_DELAY, DELAY)))
    begun = clock.now()
    clock.advance(60)
    await confirm(ports, town.tenant, made.distribution, "test")
    rows = await town.rows()
    assert {(row["state"], row["next_try_at"]) for row in rows} == {("queued", begun + DELAY)}


async def test_at_a_time_of_day_each_person_gets_it_by_their_own_clock(
    ports: Ports, clock: ManualClock
) -> None:
    """It is Monday noon in UTC: 13:00 in Berlin, 21:00 in Tokyo, 07:00 in New York."""
    town = await build_town(ports, 4)
    zones = ("Europe/Berlin", "Asia/Tokyo", "America/New_York", "")
    for person, zone in zip(town.people, zones, strict=True):
        await town.change([person], time_zone=zone)
    await ask(ports, town.request(timing=Timing(SendWhen.TIME_OF_DAY, at=time(9))))
    by_contact = {row["contact"]: row["next_try_at"] - clock.now() for row in await town.rows()}
    hours = [by_contact[person] / timedelta(hours=1) for person in town.people]
    assert hours == [20, 12, 2, 21]


async def test_transaction_data_stays_with_the_distribution_and_fills_the_pipes(ports: Ports) -> None:
    town = await build_town(ports, 2)
    message = MessageSpec(subject="At ${e://Field/site}, ${e://Field/lastAlarm}")
    made = await ask(ports, town.request(message=message, embedded={"site": "the whole region"}))
    shown = await get_distribution(ports, town.tenant, made.distribution)
    assert shown.distribution.embedded == {"site": "the whole region"}
    fields = [row["fields"] for row in await town.rows()]
    assert all(one["e://Field/site"] == "the whole region" for one in fields)
    assert all("Application Hang" in one["e://Field/lastAlarm"] for one in fields)


async def test_reminders_come_with_the_request_once(ports: Ports) -> None:
    town = await build_town(ports, 2)
    wishes = (
        FollowUpWish(DistributionKind.REMINDER, timedelta(hours=4)),
        FollowUpWish(DistributionKind.THANK_YOU, timedelta(minutes=5)),
    )
    request = town.request(follow_ups=wishes)
    made = await ask(ports, request)
    await ask(ports, town.request(request.activation, wave=2, follow_ups=wishes))
    planned = await list_follow_ups(ports, town.tenant, made.distribution)
    assert [(one.kind, one.after) for one in planned] == [(one.kind, one.after) for one in wishes]


async def test_the_same_mail_reaches_a_person_once_in_twelve_hours(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    said = MessageSpec(subject="How is ${e://Field/site}?", body="Tell us")

    async def run(number: int, town: Town = town, message: MessageSpec = said) -> Mapping[Any, int]:
        await town.change_invitations(open_until=clock.now())
        request = town.request("", run=f"RUN_{number}", workflow=f"WF_{number}", message=message)
        return (await ask(ports, _without_activation(request))).spared

    assert await run(1) == {}
    assert await run(2) == {SpareReason.DUPLICATE_MESSAGE: 3}, "another workflow, the same words"
    await town.change(town.people[:1], embedded={"site": "elsewhere"})
    assert await run(3) == {SpareReason.DUPLICATE_MESSAGE: 2}, "one of them would read something else"
    assert await run(4, message=MessageSpec(subject="Other")) == {}
    clock.advance(12 * 3600 + 1)
    assert await run(5) == {}


def _without_activation(request: Any) -> Any:
    return replace(request, activation="")


async def test_the_outlook_says_when_the_last_one_leaves(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 90)
    relay = Relay("127.0.0.1", per_minute=30)
    slow = replace(ports, relay=lambda: relay, limits=replace(ports.limits, send_by=timedelta(minutes=2)))
    await town.switch(confirm_above=10)
    made = await ask(slow, town.request())
    shown = await get_distribution(slow, town.tenant, made.distribution)
    outlook = outlook_of(slow, shown)
    assert (outlook.mails, outlook.left, outlook.too_late) == (90, timedelta(minutes=3), 30)
    assert outlook.ends_at == clock.now() + timedelta(minutes=3)
    unknown = outlook_of(replace(ports, relay=lambda: Relay("127.0.0.1")), shown)
    assert (unknown.left, unknown.ends_at, unknown.too_late) == (None, None, 0)


async def test_the_form_takes_the_librarys_words_and_look_and_says_what_is_wrong(ports: Ports) -> None:
    town = await build_town(ports, 1)
    texts = {"en": Wording("Slow?", "Is it?"), "de": Wording("Langsam?", "Ist es so?")}
    message = await save_message(ports, town.tenant, MessageCategory.INVITE, "Hello", texts, "test")
    look = await save_template(ports, town.tenant, "Ours", STARTER, "test")

    def check(**form: str) -> list[str]:
        return check_further(conn_of, town.tenant, form)

    def unit(conn: Connection) -> None:
        nonlocal conn_of
        conn_of = conn
        form = {"library_message": message.id, "mail_template": look.id, "from_name": "IT"}
        made = message_in(conn, town.tenant, form)
        assert (made.subject, made.wording("de").subject, made.from_name) == ("Slow?", "Langsam?", "IT")
        assert (made.template, made.mjml) == (look.id, STARTER)
        with pytest.raises(MessageGone):
            message_in(conn, town.tenant + 1, form)
        assert check() == []
        assert check(when="After a delay", delay_minutes="90") == []
        assert check(when="At a time of day", time_of_day="09:30", time_zone="Asia/Tokyo") == []
        for wrong in (
            {"when": "After a delay"},
            {"when": "After a delay", "delay_minutes": "-1"},
            {"when": "At a time of day", "time_of_day": "9"},
            {"when": "At a time of day", "time_of_day": "09:00", "time_zone": "Mars/Olympus"},
            {"library_message": "MS_none"},
            {"mail_template": "MT_none"},
            {"reminder_minutes": "1"},
            {"reminder_minutes": "soon"},
            {"thank_you_minutes": "60", "link_type": "Anonymous"},
        ):
            assert len(check(**wrong)) == 1, wrong

    conn_of: Any = None
    await ports.db.read(unit)
    timing = read_timing({"when": "At a time of day", "time_of_day": "09:30"})
    assert (timing.when, timing.at, timing.zone) == (SendWhen.TIME_OF_DAY, time(9, 30), "contact")
    (reminder,) = read_follow_ups({"reminder_minutes": "240", "reminder_subject": "Still?"})
    assert (reminder.after, reminder.message.subject) == (timedelta(hours=4), "Still?")


def test_a_skipped_time_is_the_next_valid_minute_and_a_doubled_one_its_first() -> None:
    spring = Timing(SendWhen.TIME_OF_DAY, at=time(2, 30), zone="Europe/Berlin")
    assert decide_due(spring, "", datetime(2027, 3, 28, 0, 0, tzinfo=UTC)) == datetime(
        2027, 3, 28, 1, 0, tzinfo=UTC
    ), "03:00 in summer time"
    assert decide_due(spring, "", datetime(2026, 10, 24, 23, 0, tzinfo=UTC)) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    ), "the first 02:30, still in summer time"
