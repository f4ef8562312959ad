"""Who is asked and who is spared, on both databases: one row per contact with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from opulse.clock import ManualClock
from opulse.experience.directory import RuleKind
from opulse.experience.distributions import HoldReason, MessageSpec, SpareReason
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.chores import do_chores
from opulse.experience.distributions.flow.links import close_in, find_invitation_in, mute_in, unsubscribe_in
from opulse.experience.distributions.flow.previewing import preview
from opulse.experience.distributions.flow.steering import cancel, confirm
from opulse.experience.distributions.models import InvitationState, LinkType
from opulse.experience.distributions.views import invitations
from opulse.experience.surveys.flow import close_survey
from opulse.jobs import JobDead
from opulse.ports import Ports
from tests.unit.experience.distributions.town import DAY, build_town

pytestmark = pytest.mark.stores


async def test_everybody_is_asked_once_in_their_language(ports: Ports) -> None:
    town = await build_town(ports, 120)
    request = town.request()
    result = await ask(ports, request)
    assert (result.asked, result.held, result.spared, result.known) == (120, {}, {}, 0)
    rows = await town.rows()
    assert len(rows) == len({row["contact"] for row in rows}) == len({row["id"] for row in rows}) == 120
    assert len({row["message_id"] for row in rows}) == 120
    assert all(row["message_id"].endswith("@example.org") for row in rows)
    languages = {row["email"]: row["language"] for row in rows}
    wanted = ("en", "de", "ar", "en")
    assert languages == {f"User{number}@example.org": wanted[number % 4] for number in range(120)}
    assert {row["send_by"] - row["asked_at"] for row in rows} == {timedelta(minutes=60)}
    assert {row["expires_at"] - row["asked_at"] for row in rows} == {timedelta(hours=24)}


async def test_the_same_request_again_asks_nobody_again(ports: Ports) -> None:
    town = await build_town(ports, 70)
    request = town.request()
    first = await ask(ports, request)
    again = await ask(ports, request)
    assert (again.distribution, again.asked, again.known) == (first.distribution, 0, 70)
    assert len(await town.rows()) == 70


async def test_the_first_ones_are_committed_before_the_rest_is_decided(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spine.md 5: the first chunk is small, so its mails leave while later people are still decided."""
    town = await build_town(ports, 620)
    write, committed = ports.db.write, list[int]()

    async def write_and_count(unit: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        result = await write(unit, *args, **kwargs)
        committed.append(len(await town.rows()))
        return result

    monkeypatch.setattr(ports.db, "write", write_and_count)
    await ask(ports, town.request())
    first, *later = sorted(set(committed) - {0})
    assert first == ports.limits.first_chunk == 50
    assert later == [550, 620]


async def test_a_request_goes_on_where_a_crash_left_it(ports: Ports) -> None:
    town = await build_town(ports, 90)
    request = town.request()
    await ask(ports, town.request(request.activation, contact_ids=tuple(town.people[:50])))  # the first chunk
    result = await ask(ports, request)
    assert (result.asked, result.known) == (40, 50)
    assert len(await town.rows()) == 90


async def test_a_later_wave_asks_only_newcomers(ports: Ports) -> None:
    town = await build_town(ports, 10)
    request = town.request(contact_ids=tuple(town.people[:6]))
    first = await ask(ports, request)
    second = await ask(ports, town.request(request.activation, wave=2))
    assert second.distribution == first.distribution
    assert (second.asked, second.spared) == (4, {SpareReason.ALREADY_ASKED: 6})
    other = MessageSpec(subject="Something else")
    third = await ask(ports, town.request(request.activation, workflow="WF_other", message=other))
    assert third.distribution != first.distribution
    assert third.asked == 10, "another pulse about the same activation, and no rule against it"


async def test_two_contacts_with_one_address_are_one_person(ports: Ports) -> None:
    town = await build_town(ports, 4)
    await town.change(town.people[1:3], email="same@example.org", email_key="same@example.org")
    await town.change(town.people[:1], email="Same@Example.org", email_key="same@example.org")
    request = town.request(contact_ids=tuple(town.people[:2]))
    assert (await ask(ports, request)).spared == {SpareReason.ALREADY_ASKED: 1}
    second = await ask(ports, town.request(request.activation, wave=2, contact_ids=tuple(town.people[2:])))
    assert (second.asked, second.spared) == (1, {SpareReason.ALREADY_ASKED: 1})


async def test_each_hard_stop_has_its_reason(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 8)
    now = clock.now()
    await town.change([town.people[0]], unsubscribed=True)
    await town.change([town.people[1]], muted_until=now + timedelta(hours=1))
    await town.change([town.people[2]], email="", email_key="")
    await town.change([town.people[3]], email="no address", email_key="no address")
    await town.change([town.people[4]], deleted=True)
    await town.change([town.people[5]], muted_until=now - timedelta(hours=1))
    result = await ask(ports, town.request())
    assert result.asked == 3
    rows = {row["contact"]: row for row in await town.rows()}
    reasons = [rows[one]["reason"] for one in town.people]
    assert reasons == ["opted_out", "muted", "no_email", "bad_email", "deleted", "", "", ""]


async def test_a_new_tenant_mails_its_allow_list_only(ports: Ports) -> None:
    town = await build_town(ports, 5)
    await town.switch(mail_open=False, allow_list=["user1@example.org"])
    result = await ask(ports, town.request())
    assert (result.asked, result.spared) == (1, {SpareReason.NOT_ON_ALLOW_LIST: 4})
    await town.switch(allow_list=["@example.org"])
    assert (await ask(ports, town.request(workflow="WF_2"))).spared == {}


async def test_the_cap_counts_all_waves_and_pulses_of_an_activation(ports: Ports) -> None:
    town = await build_town(ports, 12)
    await town.switch(cap_per_activation=7)
    request = town.request(contact_ids=tuple(town.people[:5]))
    assert (await ask(ports, request)).asked == 5
    second = await ask(ports, town.request(request.activation, wave=2, contact_ids=tuple(town.people[5:])))
    assert (second.asked, second.spared) == (2, {SpareReason.OVER_CAP: 5})
    other = await ask(
        ports, town.request(request.activation, workflow="WF_other", message=MessageSpec("Else"))
    )
    assert (other.asked, other.spared) == (0, {SpareReason.OVER_CAP: 12})
    assert (await ask(ports, town.request(workflow="WF_3"))).spared[SpareReason.OVER_CAP] == 5, (
        "another activation"
    )


async def test_a_refused_mail_gives_its_slot_of_the_cap_back(ports: Ports) -> None:
    """Although the distribution remembers how many it ever took: near the cap they are counted one by one."""
    town = await build_town(ports, 12)
    await town.switch(cap_per_activation=7)
    request = town.request(contact_ids=tuple(town.people[:5]))
    assert (await ask(ports, request)).asked == 5
    refused = update(invitations).where(invitations.c.contact.in_(town.people[:2])).values(state="refused")
    await ports.db.write(lambda conn: conn.execute(refused).rowcount)
    second = await ask(ports, town.request(request.activation, wave=2, contact_ids=tuple(town.people[5:])))
    assert (second.asked, second.spared) == (4, {SpareReason.OVER_CAP: 3})


async def test_above_the_limit_nobody_is_asked_before_somebody_says_yes(ports: Ports) -> None:
    town = await build_town(ports, 60)
    await town.switch(confirm_above=55)
    await town.change(town.people[:3], unsubscribed=True)
    request = town.request()
    foreseen = await preview(ports, request)
    assert (foreseen.asked, foreseen.spared, foreseen.distribution) == (57, {SpareReason.OPTED_OUT: 3}, "")
    assert await town.rows() == [], "a preview writes nothing"
    result = await ask(ports, request)
    assert (result.asked, result.held) == (0, {HoldReason.NEEDS_CONFIRMATION: 57})
    await town.change(town.people[3:5], unsubscribed=True)  # meanwhile
    done = await confirm(ports, town.tenant, result.distribution, "Ada")
    assert done.confirmed_by == "Ada"
    assert await town.states() == {"queued": 55, "spared:opted_out": 5}
    later = await ask(
        ports,
        town.request(request.activation, wave=2, workflow="WF_pulse", contact_ids=tuple(town.people[:9])),
    )
    assert later.held == {}, "a yes holds for the waves that follow"


async def test_below_the_limit_after_counting_nobody_needs_to_confirm(ports: Ports) -> None:
    town = await build_town(ports, 60)
    await town.switch(confirm_above=55)
    await town.change(town.people[:10], unsubscribed=True)
    assert (await ask(ports, town.request())).asked == 50


async def test_an_incident_known_to_be_large_waits_from_its_first_person_on(ports: Ports) -> None:
    town = await build_town(ports, 5)
    await town.switch(confirm_above=1000)
    result = await ask(ports, town.request(expected=4812))
    assert result.held == {HoldReason.NEEDS_CONFIRMATION: 5}


async def test_waves_together_pass_the_limit(ports: Ports) -> None:
    town = await build_town(ports, 9)
    await town.switch(confirm_above=6)
    request = town.request(contact_ids=tuple(town.people[:5]))
    assert (await ask(ports, request)).asked == 5
    second = await ask(ports, town.request(request.activation, wave=2, contact_ids=tuple(town.people[5:])))
    assert second.held == {HoldReason.NEEDS_CONFIRMATION: 4}


async def test_frequency_rules_spare_and_are_named(ports: Ports, clock: ManualClock) -> None:
    rules = [(RuleKind.MAX_IN_PERIOD, 1, DAY), (RuleKind.MAX_IN_PERIOD, 2, 7 * DAY)]
    town = await build_town(ports, 3, rules=rules)
    assert (await ask(ports, town.request())).asked == 3
    clock.advance(3600)
    assert (await ask(ports, town.request())).spared == {SpareReason.FATIGUE_RULE: 3}
    clock.advance(DAY)
    assert (await ask(ports, town.request())).asked == 3
    clock.advance(2 * DAY)
    last = town.request()
    assert (await ask(ports, last)).spared == {SpareReason.FATIGUE_RULE: 3}
    assert len({row["rule"] for row in await town.rows() if row["rule"]}) == 2, (
        "the day's rule, then the week's"
    )
    clock.advance(5 * DAY)
    assert (await ask(ports, town.request())).asked == 3


async def test_at_least_so_long_between_two(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2, rules=[(RuleKind.MIN_GAP, 1, 6 * 3600)])
    await ask(ports, town.request())
    clock.advance(6 * 3600 - 1)
    assert (await ask(ports, town.request())).spared == {SpareReason.FATIGUE_RULE: 2}
    clock.advance(1)
    assert (await ask(ports, town.request())).asked == 2


async def test_a_second_activation_asks_again_but_one_activation_once(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 2, rules=[(RuleKind.ONE_PER_ACTIVATION, 1, 0)])
    request = town.request()
    await ask(ports, request)
    clock.advance(1800)
    other = await ask(ports, town.request(request.activation, workflow="WF_other"))
    assert other.spared == {SpareReason.ONE_PER_ACTIVATION: 2}
    assert (await ask(ports, town.request())).asked == 2


@pytest.mark.parametrize(
    "state", [InvitationState.REFUSED, InvitationState.TOO_LATE, InvitationState.CANCELLED]
)
async def test_a_mail_that_did_not_go_gives_its_slot_back(ports: Ports, state: InvitationState) -> None:
    town = await build_town(ports, 2, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    await ask(ports, town.request())
    await town.change_invitations(state=state.value, next_try_at=None)
    assert (await ask(ports, town.request())).asked == 2


async def test_two_incidents_at_once_do_not_ask_the_same_person_twice(ports: Ports) -> None:
    town = await build_town(ports, 150, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    results = await asyncio.gather(
        *(ask(ports, town.request(workflow=f"WF_{number}")) for number in range(4))
    )
    assert sum(result.asked for result in results) == 150
    rows = await town.rows()
    asked = [row["contact"] for row in rows if row["state"] == "queued"]
    assert len(asked) == len(set(asked)) == 150
    assert len(rows) == 600, "and the others have their reason"


async def test_the_second_pulse_waits_for_the_end_of_the_first(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 3)
    first, second = town.request(), town.request()
    await ask(ports, first)
    clock.advance(60)
    held = await ask(ports, second)
    assert held.held == {HoldReason.IN_ANOTHER_PULSE: 3}
    while await do_chores(ports):
        pass
    assert await town.states(activation=second.activation) == {"held:in_another_pulse": 3}
    answered = (await town.rows(activation=first.activation))[0]
    await ports.db.write(close_in, town.tenant, answered["id"], clock.now())
    while await do_chores(ports):
        pass
    assert await town.states(activation=second.activation) == {"held:in_another_pulse": 2, "queued": 1}
    clock.advance(15 * 60)
    while await do_chores(ports):
        pass
    assert await town.states(activation=second.activation) == {"queued": 3}


async def test_a_held_invitation_is_decided_again_when_its_hold_ends(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 2)
    await ask(ports, town.request())
    second = town.request()
    await ask(ports, second)
    await town.change(town.people[:1], unsubscribed=True)
    clock.advance(16 * 60)
    while await do_chores(ports):
        pass
    assert await town.states(activation=second.activation) == {"spared:opted_out": 1, "queued": 1}


async def test_what_is_held_too_long_is_too_late(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2)
    await ask(ports, town.request())
    second = town.request(send_by=timedelta(minutes=5))
    await ask(ports, second)
    clock.advance(6 * 60)
    while await do_chores(ports):
        pass
    assert await town.states(activation=second.activation) == {"too_late:in_another_pulse": 2}


async def test_after_a_cancel_later_waves_ask_nobody(ports: Ports) -> None:
    town = await build_town(ports, 6)
    request = town.request(contact_ids=tuple(town.people[:4]))
    result = await ask(ports, request)
    await cancel(ports, town.tenant, result.distribution, "Ada")
    assert await town.states() == {"cancelled:stopped_by_operator": 4}
    later = await ask(ports, town.request(request.activation, wave=2, contact_ids=tuple(town.people[4:])))
    assert later.spared == {SpareReason.STOPPED_BY_OPERATOR: 2}


async def test_a_survey_that_is_closed_asks_nobody(ports: Ports) -> None:
    town = await build_town(ports, 1)
    await close_survey(ports, town.tenant, town.survey, "test")
    with pytest.raises(JobDead, match="not collecting answers"):
        await ask(ports, town.request())


async def test_a_running_incident_keeps_its_message_and_version(ports: Ports) -> None:
    town = await build_town(ports, 2)
    request = town.request(contact_ids=tuple(town.people[:1]), message=MessageSpec(subject="Before"))
    await ask(ports, request)
    await close_survey(ports, town.tenant, town.survey, "test")
    second = town.request(request.activation, wave=2, message=MessageSpec(subject="After"))
    await ask(ports, second)
    (row,) = [one for one in await town.rows() if one["wave"] == 2 and one["state"] == "queued"]
    found = await ports.db.read(find_invitation_in, town.tenant, row["id"])
    assert found is not None
    assert (found.distribution.message.subject, found.distribution.version) == ("Before", 1)


async def test_the_values_that_the_message_names_are_frozen(ports: Ports) -> None:
    town = await build_town(ports, 2)
    message = MessageSpec(
        body="${e://Field/lastAlarm} at ${e://Field/site}, ${m://ExternalDataReference} ${x://y}"
    )
    await ask(ports, town.request(message=message))
    await town.change(town.people, embedded={})
    fields = {row["email"]: row["fields"] for row in await town.rows()}
    assert fields["User1@example.org"] == {
        "e://Field/lastAlarm": "Application Hang, Disk Full",
        "e://Field/site": "Site 1",
        "m://ExternalDataReference": "u1",
    }


async def test_unsubscribing_leaves_the_list_and_spares_what_waits(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2)
    await ask(ports, town.request())
    row = (await town.rows())[0]
    assert await ports.db.write(unsubscribe_in, town.tenant, row["id"], clock.now())
    assert await ports.db.write(unsubscribe_in, town.tenant, row["id"], clock.now()), "again changes nothing"
    assert await town.states() == {"spared:opted_out_of_list": 1, "queued": 1}
    assert (await ask(ports, town.request())).spared == {SpareReason.OPTED_OUT_OF_LIST: 1}
    without_list = await ask(ports, town.request(list_id="", workflow="WF_other"))
    assert without_list.spared == {}, "out of the list is not out of the directory"
    assert not await ports.db.write(unsubscribe_in, town.tenant, "0" * 32, clock.now())


async def test_unsubscribing_from_what_no_list_asked_leaves_the_directory(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 1)
    await ask(ports, town.request(list_id=""))
    (row,) = await town.rows()
    await ports.db.write(unsubscribe_in, town.tenant, row["id"], clock.now())
    assert (await ask(ports, town.request())).spared == {SpareReason.OPTED_OUT: 1}


async def test_muting_spares_until_the_time_has_come(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 1)
    await ask(ports, town.request())
    (row,) = await town.rows()
    until = clock.now() + timedelta(days=7)
    assert await ports.db.write(mute_in, town.tenant, row["id"], until, clock.now())
    assert await town.states() == {"spared:muted": 1}
    assert (await ask(ports, town.request())).spared == {SpareReason.MUTED: 1}
    clock.advance(7 * DAY)
    assert (await ask(ports, town.request())).asked == 1


async def test_a_shared_link_leads_to_nobody(ports: Ports) -> None:
    town = await build_town(ports, 2)
    result = await ask(ports, town.request(link_type=LinkType.ANONYMOUS))
    known = await ports.db.read(find_invitation_in, town.tenant, (await town.rows())[0]["id"])
    assert known is not None
    found = await ports.db.read(find_invitation_in, town.tenant, known.distribution.shared_link)
    assert found is not None
    assert (found.distribution.id, found.distribution.individual) == (result.distribution, False)
    assert (found.invitation.contact, found.invitation.email) == ("", "")
    assert await ports.db.read(find_invitation_in, town.tenant, "f" * 32) is None
    assert await ports.db.read(find_invitation_in, town.tenant + 1, known.invitation.id) is None
