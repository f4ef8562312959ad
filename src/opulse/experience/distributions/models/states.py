"""The states of invitations and distributions, and the reasons of decisions: their only home."""

from __future__ import annotations

from enum import StrEnum


class InvitationState(StrEnum):
    """Where one invitation is."""

    SPARED = "spared"  # never to be asked; the reason is a SpareReason
    HELD = "held"  # not asked yet; the reason is a HoldReason
    QUEUED = "queued"  # waits for its turn at the relay
    SENDING = "sending"  # a claim has it and the relay may be taking it right now
    UNKNOWN = "unknown"  # handed over without an answer; resent once, then stays
    ACCEPTED = "accepted"  # the relay took it
    DEFERRED = "deferred"  # the relay said "not now"; tried again until send_by
    REFUSED = "refused"  # the relay said no for good, or the message cannot be written for this person
    BOUNCED = "bounced"  # accepted, then returned
    CANCELLED = "cancelled"  # stopped by a person before it left
    TOO_LATE = "too_late"  # send_by passed before the relay took it, or before a desktop showed it
    OFFERED = "offered"  # not mailed: waits for a system on which the person is logged on, to be shown there
    SHOWN = "shown"  # not mailed, or the relay did not take it: a desktop showed it to the person


class SpareReason(StrEnum):
    """Why a person is not asked."""

    DELETED = "deleted"  # no longer in the directory
    OPTED_OUT = "opted_out"  # of the directory
    OPTED_OUT_EVERYWHERE = "opted_out_everywhere"  # of all directories of the tenant
    OPTED_OUT_OF_LIST = "opted_out_of_list"  # of the mailing list that is asked
    MUTED = "muted"  # asked to be left alone until a time that has not come
    NO_EMAIL = "no_email"  # the contact has no address
    BAD_EMAIL = "bad_email"  # the contact's address is not one that mail can reach
    NOT_ON_ALLOW_LIST = "not_on_allow_list"  # the tenant's mail is not open and the address is not listed
    ALREADY_ASKED = "already_asked"  # this pulse asked the same person or address: other system, earlier wave
    ONE_PER_ACTIVATION = "one_per_activation"  # another pulse asked this person about the same activation
    FATIGUE_RULE = "fatigue_rule"  # a frequency rule says not now; the row names the rule
    OVER_CAP = "over_cap"  # the activation has asked as many people as the tenant allows
    STOPPED_BY_OPERATOR = "stopped_by_operator"  # the distribution was cancelled
    BOUNCED_BEFORE = "bounced_before"  # a mail to this address came back for good
    COMPLAINED = "complained"  # this person reported a mail of ours as spam
    DUPLICATE_MESSAGE = "duplicate_message"  # the same mail went to the same person within 12 hours
    ANSWERED_BEFORE = "answered_before"  # answered after the reminder was due and before it left


class HoldReason(StrEnum):
    """What a held invitation waits for."""

    IN_ANOTHER_PULSE = "in_another_pulse"  # the end of another pulse's open invitation
    QUIET_HOURS = "quiet_hours"  # the next minute at which this person may be asked, on their own clock
    NEEDS_CONFIRMATION = "needs_confirmation"  # a person's yes to asking so many


class WaitReason(StrEnum):
    """Why a distribution with due invitations sends none; not a state of the invitations."""

    MAIL_SWITCHED_OFF = "mail_switched_off"  # the tenant's mail switch
    HELD_AFTER_RESTORE = "held_after_restore"  # restored from a backup and not yet released
    PAUSED = "paused"  # this distribution was paused
    NO_RELAY = "no_relay"  # no mail relay is set


class DistributionState(StrEnum):
    """Where a distribution is."""

    RUNNING = "running"  # sends what is due
    PAUSED = "paused"  # sends nothing until it is resumed
    CANCELLED = "cancelled"  # sends nothing any more; its links are closed
    DONE = "done"  # nothing waits; another wave makes it run again


class MailReason(StrEnum):
    """Why a mail stands where it stands, where the relay did not say it (else the mail floor's own word is kept)."""

    LEASE_ENDED = "lease_ended"  # whoever sent it was gone before its outcome was written down
    SENDER_REFUSED = (
        "sender_refused"  # the relay does not take our sender address: mend that, it is tried again
    )
    NOT_WRITABLE = (
        "not_writable"  # this person's values cannot stand in a mail; the relay's text names the place
    )
    ANSWER_CUT = "answer_cut"  # they answered; by age the answer does not lead to them any more
    RESENT_ONCE = "resent_once"  # the one resend of an unknown mail had no answer either
    HARD_BOUNCE = "hard_bounce"  # came back: this address takes no mail
    SOFT_BOUNCE = "soft_bounce"  # came back: this once, or for another reason than the address
    COMPLAINT = "complaint"  # arrived, and was reported as spam


class DistributionKind(StrEnum):
    """What a distribution's mails are for; in the words of the product's API: Invite, Reminder, ThankYou."""

    INVITE = "invite"  # asks
    REMINDER = "reminder"  # asks those again who did not answer, by the same link
    THANK_YOU = "thank_you"  # thanks those who answered


class Progress(StrEnum):
    """How far an invited person came with the survey, as the stage that takes answers tells it."""

    NONE = ""  # nothing was posted
    STARTED = "started"  # something was posted
    PARTIAL = "partial"  # a part of an answer was recorded when its session closed
    FINISHED = "finished"  # an answer was recorded
    SCREENED_OUT = "screened_out"  # the survey ended early for this person
    EXPIRED = "expired"  # the session ended, and nothing of it was recorded


class RecipientStatus(StrEnum):
    """One recipient's status in the product's sixteen words (qualtrics-product.md 9.2)."""

    PENDING = "Pending"  # not sent yet
    SUCCESS = "Success"  # the relay took it
    ERROR = "Error"  # something of ours kept it from being sent
    OPENED = "Opened"  # never given: our mails have no tracking pixel
    COMPLAINT = "Complaint"  # reported as spam
    SKIPPED = "Skipped"  # a rule, an opt-out or a person of ours kept it back
    BLOCKED = "Blocked"  # the address is suppressed, or not on the allow list
    FAILURE = "Failure"  # the address is missing, malformed, or the relay refused it
    UNKNOWN = "Unknown"  # handed over without an answer
    SOFT_BOUNCE = "SoftBounce"  # came back, may be tried again another time
    HARD_BOUNCE = "HardBounce"  # came back for good
    SURVEY_STARTED = "SurveyStarted"  # the person posted something
    SURVEY_PARTIALLY_FINISHED = "SurveyPartiallyFinished"  # a partial answer was recorded
    SURVEY_FINISHED = "SurveyFinished"  # the answer was recorded
    SURVEY_SCREENED_OUT = "SurveyScreenedOut"  # the survey ended early
    SESSION_EXPIRED = "SessionExpired"  # the session ended unfinished


class SendWhen(StrEnum):
    """When the mails of a request may leave (qualtrics-product.md 6.2)."""

    IMMEDIATELY = "immediately"  # as soon as they are decided
    AFTER_DELAY = "after_delay"  # so long after the event
    TIME_OF_DAY = "time_of_day"  # at the next such time of the clock, in one zone or in the person's own


class FollowUpState(StrEnum):
    """Where a planned reminder or thank-you is."""

    PLANNED = "planned"  # people get it as their time comes
    ENDED = "ended"  # every link has expired, or somebody ended it


class Channel(StrEnum):
    """By which ways the people of a distribution are asked."""

    MAIL = "mail"  # a mail to each
    DESKTOP = "desktop"  # shown where they are logged on, by the agent there: for incidents in which mail is what broke
    MAIL_AND_DESKTOP = "mail_and_desktop"  # both; whichever the person sees first leads to the same page

    @property
    def has_desktop(self) -> bool:
        return self is not Channel.MAIL


class LinkType(StrEnum):
    """What the link in the mail may be used for (qualtrics-product.md 9.1)."""

    INDIVIDUAL = "individual"  # one answer, known whose
    MULTIPLE = "multiple"  # many answers, known whose
    ANONYMOUS = "anonymous"  # many answers, nobody's


SLOT_STATES = frozenset(
    {
        InvitationState.HELD,
        InvitationState.QUEUED,
        InvitationState.SENDING,
        InvitationState.UNKNOWN,
        InvitationState.ACCEPTED,
        InvitationState.DEFERRED,
        InvitationState.BOUNCED,
        InvitationState.OFFERED,
        InvitationState.SHOWN,
    }
)
"""States that use up a slot of the frequency rules and of the cap: a refused mail gives its slot back."""

WAITING_STATES = frozenset({InvitationState.QUEUED, InvitationState.DEFERRED, InvitationState.UNKNOWN})
"""States from which an invitation with a ``next_try_at`` may be claimed."""
