"""A distribution, its links and its history in the words of qualtrics-api.md 1.9, and what a request to send asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opulse.experience.api_v3.models import AnswerGiven, MailSent
from opulse.experience.api_v3.rules.moments import iso, iso_ms, read_moment
from opulse.experience.api_v3.rules.owners import library_id, lookup_id, owner_id
from opulse.experience.api_v3.rules.refusing import bad
from opulse.experience.distributions.models import (
    Distribution,
    DistributionCounts,
    DistributionKind,
    DistributionState,
    Invitation,
    InvitationState,
    LinkType,
    Progress,
    RecipientStatus,
    SpareReason,
)
from opulse.experience.distributions.rules import count_statuses, decide_status

Json = dict[str, Any]
_KINDS = {
    DistributionKind.INVITE: "Invite",
    DistributionKind.REMINDER: "Reminder",
    DistributionKind.THANK_YOU: "ThankYou",
}
_LINKS = {LinkType.INDIVIDUAL: "Individual", LinkType.MULTIPLE: "Multiple", LinkType.ANONYMOUS: "Anonymous"}
_WAITING = (
    InvitationState.HELD,
    InvitationState.QUEUED,
    InvitationState.DEFERRED,
    InvitationState.SENDING,
)
_SENT = (
    InvitationState.ACCEPTED,
    InvitationState.UNKNOWN,
    InvitationState.BOUNCED,
    InvitationState.SHOWN,
)
_BOUNCES = (RecipientStatus.HARD_BOUNCE, RecipientStatus.SOFT_BOUNCE)
_STARTED = frozenset(Progress) - {Progress.NONE}
_DONE = frozenset({Progress.FINISHED, Progress.SCREENED_OUT})


@dataclass(frozen=True, slots=True)
class Sending:
    """What POST /distributions asks for, read and checked. ``message_id`` or ``text`` says what the mail says."""

    survey: str
    list_id: str
    link_type: LinkType
    subject: str
    message_id: str
    text: str
    from_address: str
    from_name: str
    reply_to: str
    send_at: datetime
    expires_at: datetime | None
    embedded: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FollowUpAsked:
    """What POST /distributions/{id}/reminders and /thankyous asks for."""

    subject: str
    message_id: str
    text: str
    send_at: datetime


def element(
    one: Distribution, counts: DistributionCounts, brand: str, *, ends_at: datetime | None, text: bool
) -> Json:
    """One distribution. ``text``: with the words of the mail (a single one; lists have none since 2022)."""
    sent_at = counts.first_sent_at or one.created_at
    undecided = not counts.by_state and one.state is DistributionState.RUNNING  # its time has not come
    waits = undecided or any(counts.by_state.get(state) for state in _WAITING)
    message: Json = {"libraryId": None, "messageId": None, "messageType": "Inline"}
    if text:
        message["messageText"] = one.message.body
    return {
        "id": one.id,
        "parentDistributionId": one.parent or None,
        "ownerId": owner_id(one.tenant),
        "organizationId": brand,
        "requestStatus": "Pending" if waits else "Done",
        "requestType": _KINDS[one.kind],
        "sendDate": iso(sent_at),
        "createdDate": iso(one.created_at),
        "modifiedDate": iso(counts.last_sent_at or one.created_at),
        "customHeaders": None,
        "headers": {
            "fromEmail": one.message.from_address or None,
            "replyToEmail": one.message.reply_to or None,
            "fromName": one.message.from_name or None,
            "subject": one.message.subject or None,
        },
        "recipients": {
            "mailingListId": one.list_id or None,
            "contactId": None,
            "libraryId": library_id(one.tenant),
            "sampleId": None,
        },
        "message": message,
        "surveyLink": {
            "surveyId": one.survey,
            "expirationDate": iso(ends_at),
            "linkType": _LINKS[one.link_type],
        },
        "embeddedData": dict(one.embedded) or None,
        "stats": _stats(counts),
    }


def _stats(counts: DistributionCounts) -> Json:
    statuses = count_statuses(counts.by_standing)
    of = statuses.get

    def came_to(wanted: frozenset[Progress]) -> int:
        return sum(people for (_, _, far), people in counts.by_standing.items() if far in wanted)

    return {
        "sent": sum(counts.by_state.get(state, 0) for state in _SENT),
        "failed": of(RecipientStatus.FAILURE, 0) + of(RecipientStatus.ERROR, 0),
        "started": came_to(_STARTED),
        "bounced": sum(of(status, 0) for status in _BOUNCES),
        "opened": 0,  # our mails carry no pixel
        "skipped": of(RecipientStatus.SKIPPED, 0),
        "finished": came_to(_DONE),
        "complaints": of(RecipientStatus.COMPLAINT, 0),
        "blocked": of(RecipientStatus.BLOCKED, 0),
    }


def link(one: Invitation, address: str, *, reference: str, unsubscribed: bool) -> Json:
    """One recipient's link."""
    return {
        "contactId": one.contact,
        "transactionId": None,
        "link": address,
        "exceededContactFrequency": one.reason == SpareReason.FATIGUE_RULE.value,
        "linkExpiration": iso(one.expires_at),
        "status": _link_status(one),
        "lastName": one.last_name,
        "firstName": one.first_name,
        "externalDataReference": reference or None,
        "email": one.email,
        "unsubscribed": unsubscribed,
    }


def _link_status(one: Invitation) -> str:
    if one.progress in _DONE:
        return "Survey Finished"
    if one.progress in _STARTED:
        return "Survey Started"
    return "Email Sent" if one.sent_at is not None else "Email not sent"


def history(one: Invitation, address: str, response: str, *, person: bool) -> Json:
    """One recipient's way. ``person`` False: the survey promises that no answer is led back to somebody."""
    done = one.progress in _DONE
    return {
        "contactId": one.contact,
        "contactLookupId": lookup_id(one.contact),
        "distributionId": one.distribution,
        "status": decide_status(one.state, one.reason, one.progress).value,
        "surveyLink": address,
        "contactFrequencyRuleId": one.rule or None,
        "responseId": (response or None) if person else None,
        "responseCompletedAt": iso_ms(one.progress_at) if done else None,
        "sentAt": iso_ms(one.sent_at),
        "openedAt": None,
        "responseStartedAt": iso_ms(one.progress_at) if one.progress in _STARTED else None,
        "surveySessionId": None,
    }


def mailed(one: MailSent) -> Json:
    """One mail in a contact's history. ``read``: they began to answer; our mails carry no pixel."""
    result = decide_status(one.state, one.reason, Progress.NONE)
    bounce = {RecipientStatus.HARD_BOUNCE: "Hard", RecipientStatus.SOFT_BOUNCE: "Soft"}.get(result)
    return {
        "distributionId": one.distribution,
        "date": iso_ms(one.at),
        "type": _KINDS[one.kind],
        "result": result.value,
        "bounceInfo": {"type": bounce} if bounce else None,
        "surveyId": one.survey,
        "read": one.progress in _STARTED,
        "lookupId": lookup_id(one.contact),
    }


def answered(one: AnswerGiven) -> Json:
    """One response in a contact's history."""
    return {
        "responseId": one.id,
        "distributionId": one.distribution or None,
        "dateStarted": iso_ms(one.started_at),
        "dateCompleted": iso_ms(one.recorded_at),
        "surveyFinished": one.recorded_at is not None,
        "surveyId": one.survey,
    }


def read_sending(body: Mapping[str, Any], now: datetime) -> Sending:
    """The request to send, read. Raises Refusal with the sentence that says what is missing or cannot be."""
    recipients, header = _object(body, "recipients"), _object(body, "header")
    survey_link, message = _object(body, "surveyLink"), _object(body, "message")
    for name in ("contactId", "sampleId", "transactionBatchId", "transactionId"):
        if recipients.get(name):
            raise bad(
                f"recipients.{name} cannot be asked here: put the people on a mailing list and send its id."
            )
    list_id = _text(recipients, "mailingListId", "recipients")
    wanted = str(survey_link.get("type") or "Individual")
    links = {word: kind for kind, word in _LINKS.items()}
    if wanted not in links:
        raise bad(f"surveyLink.type {wanted!r} is none of Individual, Multiple, Anonymous.")
    embedded = body.get("embeddedData") or {}
    if not isinstance(embedded, dict):
        raise bad("embeddedData is an object of names and texts.")
    subject, message_id, text = _words(header, message)
    expires = survey_link.get("expirationDate")
    send_at, expires_at = _moment(body, "sendDate", now), _when(expires, "surveyLink.expirationDate")
    if expires_at is not None and expires_at <= max(send_at, now):
        raise bad("surveyLink.expirationDate must be later than sendDate.")
    return Sending(
        survey=_text(survey_link, "surveyId", "surveyLink"),
        list_id=list_id,
        link_type=links[wanted],
        subject=subject,
        message_id=message_id,
        text=text,
        from_address=str(header.get("fromEmail") or ""),
        from_name=str(header.get("fromName") or ""),
        reply_to=str(header.get("replyToEmail") or ""),
        send_at=send_at,
        expires_at=expires_at,
        embedded={str(name): str(value) for name, value in embedded.items()},
    )


def read_follow_up(body: Mapping[str, Any], now: datetime) -> FollowUpAsked:
    """A reminder or thank-you, read. Raises Refusal."""
    subject, message_id, text = _words(_object(body, "header"), _object(body, "message"))
    return FollowUpAsked(subject, message_id, text, _moment(body, "sendDate", now))


def _words(header: Mapping[str, Any], message: Mapping[str, Any]) -> tuple[str, str, str]:
    subject, message_id = str(header.get("subject") or ""), str(message.get("messageId") or "")
    text = str(message.get("messageText") or "")
    if not message_id and not text:
        raise bad("Send message.messageText, or message.libraryId with message.messageId.")
    return subject, message_id, text


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if not isinstance(found, dict):
        raise bad(f"Missing or invalid parameter {name}: send an object.")
    return found


def _text(source: Mapping[str, Any], name: str, within: str) -> str:
    found = source.get(name)
    if not isinstance(found, str) or not found:
        raise bad(f"Missing or invalid parameter {within}.{name}.")
    return found


def _moment(body: Mapping[str, Any], name: str, now: datetime) -> datetime:
    return _when(body.get(name), name) or now


def _when(given: object, name: str) -> datetime | None:
    if given in (None, ""):
        return None
    try:
        return read_moment(given)
    except ValueError as error:
        raise bad(f"Missing or invalid parameter {name}: {error}.") from error
