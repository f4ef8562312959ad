"""What an outcome makes of an invitation, and whose turn is next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opulse.experience.distributions.models import (
    ClaimedMail,
    InvitationState,
    MailReason,
    MessageSpec,
    Turn,
    Wording,
)
from opulse.experience.distributions.rules import (
    decide_settlement,
    decide_turn,
    further_pipes,
    incident_code,
    retry_delay,
    slot_names,
)
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState, Stage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAIL = ClaimedMail(1, "EMD_1", "0" * 32, "a@example.org", "A", "B", "en", {}, "x@example.org", 0, False, NOW)
RESENT = MAIL._replace(attempts=1, ambiguous=True)


def reply(state: OutcomeState, code: int, stage: Stage = Stage.END) -> Outcome:
    return Outcome(MAIL.id, state, OutcomeReason.REPLY, stage, code, "in the relay's words")


def lost(state: OutcomeState, reason: OutcomeReason = OutcomeReason.CONNECTION_LOST) -> Outcome:
    return Outcome(MAIL.id, state, reason)


def test_accepted_is_the_end() -> None:
    done = decide_settlement(MAIL, reply(OutcomeState.ACCEPTED, 250), NOW)
    assert (done.state, done.reason, done.next_try_at, done.tried) == (
        InvitationState.ACCEPTED,
        "",
        None,
        True,
    )
    assert (done.relay_code, done.relay_text) == (250, "in the relay's words")


def test_refused_is_the_end_for_this_person() -> None:
    done = decide_settlement(MAIL, reply(OutcomeState.REFUSED, 550, Stage.RCPT), NOW)
    assert (done.state, done.next_try_at, done.ambiguous) == (InvitationState.REFUSED, None, False)


def test_a_relay_that_refuses_our_sender_refuses_nobody_for_good() -> None:
    done = decide_settlement(MAIL, reply(OutcomeState.REFUSED, 550, Stage.MAIL), NOW)
    assert (done.state, done.reason) == (InvitationState.DEFERRED, MailReason.SENDER_REFUSED)
    assert done.next_try_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (50, 900)]
)
def test_deferred_mails_wait_longer_each_time(attempts: int, seconds: int) -> None:
    assert retry_delay(attempts) == timedelta(seconds=seconds)
    mail = MAIL._replace(attempts=attempts - 1)
    done = decide_settlement(mail, reply(OutcomeState.DEFERRED, 451), NOW)
    assert (done.state, done.next_try_at) == (InvitationState.DEFERRED, NOW + timedelta(seconds=seconds))


def test_unknown_is_resent_once_and_then_stays() -> None:
    first = decide_settlement(MAIL, lost(OutcomeState.UNKNOWN), NOW)
    assert (first.state, first.ambiguous) == (InvitationState.UNKNOWN, True)
    assert first.next_try_at is not None
    second = decide_settlement(RESENT, lost(OutcomeState.UNKNOWN), NOW)
    assert (second.state, second.reason, second.next_try_at) == (InvitationState.UNKNOWN, "resent_once", None)


def test_what_may_have_arrived_is_never_called_refused_or_queued() -> None:
    assert decide_settlement(RESENT, reply(OutcomeState.REFUSED, 550), NOW).state is InvitationState.UNKNOWN
    assert decide_settlement(RESENT, reply(OutcomeState.DEFERRED, 451), NOW).state is InvitationState.UNKNOWN
    not_sent = decide_settlement(RESENT, lost(OutcomeState.NOT_SENT), NOW)
    assert (not_sent.state, not_sent.next_try_at, not_sent.tried) == (InvitationState.UNKNOWN, NOW, False)
    accepted = decide_settlement(RESENT, reply(OutcomeState.ACCEPTED, 250), NOW)
    assert (accepted.state, accepted.ambiguous) == (InvitationState.ACCEPTED, True), "and stays marked"


def test_a_mail_that_cannot_be_written_is_refused_and_counts_as_no_try() -> None:
    outcome = Outcome(
        MAIL.id, OutcomeState.REFUSED, OutcomeReason.NOT_WRITABLE, text="recipient: bad_address"
    )
    done = decide_settlement(MAIL, outcome, NOW)
    assert (done.state, done.reason, done.next_try_at) == (InvitationState.REFUSED, "not_writable", None)
    assert (done.tried, done.ambiguous, done.relay_text) == (False, False, "recipient: bad_address")
    resent = decide_settlement(RESENT, outcome, NOW)
    assert (resent.state, resent.ambiguous, resent.tried) == (InvitationState.UNKNOWN, True, False)


@pytest.mark.parametrize(("attempts", "state"), [(0, InvitationState.QUEUED), (2, InvitationState.DEFERRED)])
def test_what_was_not_sent_goes_back_where_it_was(attempts: int, state: InvitationState) -> None:
    mail = MAIL._replace(attempts=attempts)
    done = decide_settlement(mail, lost(OutcomeState.NOT_SENT, OutcomeReason.STOPPED), NOW)
    assert (done.state, done.next_try_at, done.tried) == (state, NOW, False)


def test_a_relays_words_are_cut_and_hold_no_null() -> None:
    long = Outcome(MAIL.id, OutcomeState.REFUSED, OutcomeReason.REPLY, Stage.END, 550, "\x00" + "x" * 9_000)
    assert decide_settlement(MAIL, long, NOW).relay_text == "x" * 500


def test_the_urgent_go_first_and_equals_take_turns() -> None:
    large, small, other = Turn(1, "EMD_large", 5), Turn(1, "EMD_small", 5), Turn(2, "EMD_other", 5)
    urgent = Turn(1, "EMD_urgent", 1)
    assert decide_turn([large, urgent], {}) == urgent
    assert decide_turn([], {}) is None
    last: dict[tuple[int, str], int] = {}
    taken = []
    for number in range(1, 7):
        turn = decide_turn([large, small, other], last)
        assert turn is not None
        last[turn.tenant, turn.distribution] = number
        taken.append(turn.distribution)
    assert taken == ["EMD_large", "EMD_other", "EMD_small", "EMD_other", "EMD_large", "EMD_other"], (
        "tenants share alike"
    )


def test_an_incident_has_one_code_that_can_be_read_aloud() -> None:
    code = incident_code("5F3C2A1E-0000-4000-8000-000000000001")
    assert code == incident_code("5f3c2a1e-0000-4000-8000-000000000001")
    assert len(code) == 8
    assert set(code[3:]) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert len({incident_code(str(number)) for number in range(2_000)}) > 1_990


def test_each_pipe_of_a_message_has_its_slot() -> None:
    message = MessageSpec(
        subject="${m://FirstName}",
        body="${e://Field/site} ${l://SurveyLink?d=Answer} ${q://QID1/x}",
        translations={"de": Wording("${e://Field/lastAlarm}", "${e://Field/site} ${m://Phone}")},
    )
    assert further_pipes(message) == ("e://Field/site", "e://Field/lastAlarm", "m://Phone")
    slots = slot_names(message)
    assert slots["e://Field/site"] == "field_1"
    assert slots["m://FirstName"] == "first_name"
    assert slots["l://SurveyURL"] == "survey_link"
    assert "q://QID1/x" not in slots
