"""Send, list and follow distributions for programs: the same asking as that of workflows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.api_v3 import store
from opulse.experience.api_v3.rules.distributions import FollowUpAsked, Sending
from opulse.experience.api_v3.rules.refusing import bad
from opulse.experience.directory import views as directory
from opulse.experience.distributions import AskRequest, MessageSpec
from opulse.experience.distributions import views as distributions
from opulse.experience.distributions.flow import asking, following, reading, steering
from opulse.experience.distributions.flow.reading import Shown
from opulse.experience.distributions.models import (
    DistributionKind,
    FollowUpWish,
    Invitation,
    InvitationState,
    LinkType,
)
from opulse.experience.responses.flow.policies import get_policy
from opulse.experience.responses.models import Identity
from opulse.experience.surveys.flow import NotPublished, SurveyUnknown
from opulse.jobs import Job, enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in, get_tenant
from opulse.wire.identifiers import Prefix, new_id
from opulse.wire.tokens import LinkPurpose

DISTRIBUTION_REQUESTED = "distribution.requested"
BY_PROGRAM = "api"
"""Stands for the workflow of distributions that a program sends."""
MEMBERS_AT_ONCE = 10_000
_WITH_LINK = tuple(state for state in InvitationState if state is not InvitationState.SPARED)


@dataclass(frozen=True)
class Recipients:
    """One page of a distribution's people, and what else their lines need. ``next``: the id to go on behind; empty: the last."""

    shown: Shown
    people: Sequence[Invitation]
    about: dict[str, tuple[str, bool]]  # contact → external reference, opted out
    responses: dict[str, str]  # invitation → response
    named: bool
    next: str


async def send(ports: Ports, tenant: int, wanted: Sending, actor: str) -> str:
    """Make the distribution, and ask the list when its time has come. Its id. Raises Refusal."""
    now = ports.clock.now()
    message = await _message(ports, tenant, wanted.message_id, wanted.subject, wanted.text)
    message = MessageSpec(
        message.subject,
        message.body,
        wanted.from_address,
        wanted.from_name,
        wanted.reply_to,
        message.translations,
    )

    def unit(conn: Connection) -> str:
        if directory.find_list(conn, tenant, wanted.list_id) is None:
            raise bad("Invalid mailingListId parameter. Mailing list not found")
        request = _request(tenant, new_id(Prefix.RUN), wanted, message)
        made = asking.open_in(conn, request, now)
        payload = {
            "run": request.run,
            "survey": wanted.survey,
            "list": wanted.list_id,
            "life_seconds": (wanted.expires_at - wanted.send_at).total_seconds() if wanted.expires_at else 0,
        }
        enqueue(
            conn, tenant, DISTRIBUTION_REQUESTED, payload, unique=made.id, run_at=max(now, wanted.send_at)
        )
        after = {"survey": wanted.survey, "list": wanted.list_id, "send_at": wanted.send_at.isoformat()}
        audit_in(conn, tenant, actor, "distribution.requested", made.id, None, after, now)
        return made.id

    try:
        return await ports.db.write(unit)
    except (SurveyUnknown, NotPublished) as error:
        raise bad(
            f"The survey is not collecting answers: publish it, and send its SV_ id ({error})."
        ) from error


async def ask_list(ports: Ports, job: Job) -> None:
    """The time has come: everybody who is on the list now is asked, or spared with a reason."""
    payload = job.payload
    ids: list[str] = []
    while True:
        after = ids[-1] if ids else ""
        more = await ports.db.read(
            directory.list_members_after, job.tenant, payload["list"], after, MEMBERS_AT_ONCE
        )
        ids += more
        if len(more) < MEMBERS_AT_ONCE:
            break
    life = timedelta(seconds=payload["life_seconds"]) or None
    await asking.ask(
        ports,
        AskRequest(
            job.tenant,
            workflow=BY_PROGRAM,
            run=payload["run"],
            task_run="",
            activation="",
            wave=1,
            survey=payload["survey"],
            contact_ids=tuple(ids),
            list_id=payload["list"],
            link_life=life or timedelta(days=60),
        ),
    )


async def list_recipients(
    ports: Ports, tenant: int, distribution: str, after: str, limit: int, *, with_link: bool
) -> Recipients:
    """A page of people by invitation. Raises LookupError."""
    shown = await reading.get_distribution(ports, tenant, distribution)
    states = _WITH_LINK if with_link else ()
    found = await reading.list_invitations(
        ports, tenant, distribution, states=states, after=after, limit=limit + 1
    )
    people = found[:limit]
    about = await ports.db.read(store.list_people, tenant, [one.contact for one in people])
    own = [one.of_invitation or one.id for one in people]
    responses = await ports.db.read(store.list_responses_of, tenant, own)
    policy = await get_policy(ports, tenant, shown.distribution.survey)
    more = people[-1].id if len(found) > limit else ""
    return Recipients(shown, people, about, responses, policy.identity is Identity.NAMED, more)


def link_of(ports: Ports, shown: Shown, one: Invitation) -> str:
    """The link that this person got."""
    anonymous = shown.distribution.link_type is LinkType.ANONYMOUS
    link = shown.distribution.shared_link if anonymous else one.of_invitation or one.id
    token = ports.links.issue(LinkPurpose.ANSWER, one.tenant, bytes.fromhex(link))
    return f"{ports.public_url}/s/{token}"


async def ends_of(ports: Ports, tenant: int, ids: Sequence[str]) -> dict[str, datetime]:
    """Distribution → when its last link ends."""
    return await ports.db.read(store.find_ends, tenant, ids)


async def brand_of(ports: Ports, tenant: int) -> str:
    """The tenant's id as the organization."""
    return (await ports.db.read(get_tenant, tenant)).client_id


async def follow(
    ports: Ports, tenant: int, distribution: str, kind: DistributionKind, wanted: FollowUpAsked, actor: str
) -> str:
    """Plan a reminder or thank-you: as long after each invitation (or answer) as ``send_at`` is after now or the sending.

    Raises:
        LookupError: no such distribution.
        Refusal: it cannot be planned; the sentence says why.
    """
    shown = await reading.get_distribution(ports, tenant, distribution)
    begun = shown.counts.first_sent_at or shown.distribution.created_at
    since = begun if kind is DistributionKind.REMINDER else ports.clock.now()
    after = max(wanted.send_at - since, timedelta(minutes=5))
    message = await _message(ports, tenant, wanted.message_id, wanted.subject, wanted.text)
    try:
        wish = FollowUpWish(kind, after, message)
        return (await following.plan_distribution(ports, tenant, distribution, wish, actor)).id
    except following.NotFollowable as error:
        raise bad(f"This cannot be planned: {error}.") from error


async def stop(ports: Ports, tenant: int, distribution: str, actor: str) -> None:
    """Nobody of it is asked any more; its links are closed. Raises LookupError."""
    await steering.cancel(ports, tenant, distribution, actor)


async def _message(ports: Ports, tenant: int, message_id: str, subject: str, text: str) -> MessageSpec:
    """The words of the request: a library message, or the text; a subject may be a library message too."""
    if subject.startswith("MS_"):
        found = await ports.db.read(distributions.find_message, tenant, subject)
        if found is None:
            raise bad(f"header.subject {subject} is no message of the library.")
        spec = found.spec()
        subject = spec.subject or spec.body
    if not message_id:
        return MessageSpec(subject=subject, body=text)
    found = await ports.db.read(distributions.find_message, tenant, message_id)
    if found is None:
        raise bad(f"message.messageId {message_id} is no message of the library.")
    spec = found.spec()
    return MessageSpec(subject=subject or spec.subject, body=spec.body, translations=spec.translations)


def _request(tenant: int, run: str, wanted: Sending, message: MessageSpec) -> AskRequest:
    return AskRequest(
        tenant,
        workflow=BY_PROGRAM,
        run=run,
        task_run="",
        activation="",
        wave=1,
        survey=wanted.survey,
        message=message,
        name=message.subject,
        list_id=wanted.list_id,
        link_type=wanted.link_type,
        embedded=wanted.embedded,
    )
