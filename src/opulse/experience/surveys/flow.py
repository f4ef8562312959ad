"""Make, edit and publish surveys, and the doors through which later stages get a document to ask with."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.subscriptions.flow.publishing import publish_in
from opulse.experience.subscriptions.rules import survey_event
from opulse.experience.surveys import store
from opulse.experience.surveys.models import (
    DocumentProblem,
    Look,
    SurveyDocument,
    SurveyRecord,
    SurveyState,
    SurveyVersion,
    VersionState,
)
from opulse.experience.surveys.rules import validate_document
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id


class SurveyUnknown(LookupError):
    """This tenant has no such survey, or the survey has no such version."""


class NotPublished(Exception):
    """Nobody can be asked with this survey: it was never published, or it is closed."""


class DocumentRefused(Exception):
    """The document may not be published; ``problems`` says why."""

    def __init__(self, problems: list[DocumentProblem]) -> None:
        super().__init__(
            "; ".join(f"{one.where}: {one.reason.value} {one.detail}".strip() for one in problems)
        )
        self.problems = problems


async def create_survey(
    ports: Ports, tenant: int, name: str, document: SurveyDocument, actor: str
) -> SurveyRecord:
    """A new survey with the document as its first draft."""
    return await ports.db.write(create_survey_in, tenant, name, document, actor, ports.clock.now())


def create_survey_in(
    conn: Connection, tenant: int, name: str, document: SurveyDocument, actor: str, now: datetime
) -> SurveyRecord:
    """:func:`create_survey` inside another unit."""
    survey = new_id(Prefix.SURVEY)
    record = SurveyRecord(tenant, survey, name, SurveyState.NEW, 0, 1, now, now)
    store.insert_survey(conn, record)
    store.insert_version(conn, tenant, survey, _draft(1, document, actor, now))
    audit_in(conn, tenant, actor, "survey.created", survey, None, {"name": name}, now)
    return record


async def save_draft(
    ports: Ports, tenant: int, survey: str, name: str, document: SurveyDocument, actor: str
) -> SurveyRecord:
    """Keep an edited document as the draft. The published version stays what people are asked with.

    Raises:
        SurveyUnknown: there is no such survey here.
    """
    return await ports.db.write(save_draft_in, tenant, survey, name, document, actor, ports.clock.now())


def save_draft_in(
    conn: Connection,
    tenant: int,
    survey: str,
    name: str,
    document: SurveyDocument,
    actor: str,
    now: datetime,
) -> SurveyRecord:
    """:func:`save_draft` inside another unit."""
    record = _claim(conn, tenant, survey)
    number = record.newest
    was = get_version_in(conn, tenant, survey, number)
    if not store.update_draft(conn, tenant, survey, _draft(number, document, actor, now)):
        number += 1
        store.insert_version(conn, tenant, survey, _draft(number, document, actor, now))
    store.update_survey(conn, tenant, survey, name=name, newest=number, updated_at=now)
    before = {"name": record.name, "version": was.number, "document": was.document.model_dump(mode="json")}
    after = {"name": name, "version": number, "document": document.model_dump(mode="json")}
    audit_in(conn, tenant, actor, "survey.saved", survey, before, after, now)
    return replace(record, name=name, newest=number, updated_at=now)


async def publish_survey(ports: Ports, tenant: int, survey: str, actor: str) -> SurveyRecord:
    """Make the newest version the one that people are asked with; it never changes again.

    Publishing what is published already changes nothing.

    Raises:
        SurveyUnknown: there is no such survey here.
        DocumentRefused: the document has problems.
    """
    return await ports.db.write(publish_survey_in, tenant, survey, actor, ports.clock.now())


def publish_survey_in(conn: Connection, tenant: int, survey: str, actor: str, now: datetime) -> SurveyRecord:
    """:func:`publish_survey` inside another unit."""
    record = _claim(conn, tenant, survey)
    version = get_version_in(conn, tenant, survey, record.newest)
    if version.state is VersionState.PUBLISHED:
        return record
    if problems := validate_document(version.document):
        raise DocumentRefused(problems)
    document = version.document
    if document.look is None and (look := store.find_look(conn, tenant)) is not None:
        document = document.model_copy(
            update={"look": look}
        )  # as it is now: a published version never changes
    published = replace(version, state=VersionState.PUBLISHED, document=document, published_at=now)
    store.update_draft(conn, tenant, survey, published)
    done = replace(record, state=SurveyState.ACTIVE, published=version.number, updated_at=now)
    store.update_survey(
        conn, tenant, survey, state=done.state.value, published=version.number, updated_at=now
    )
    before, after = {"version": record.published}, {"version": version.number}
    audit_in(conn, tenant, actor, "survey.published", survey, before, after, now)
    _tell_programs_in(conn, tenant, record, SurveyState.ACTIVE)
    return done


async def close_survey(ports: Ports, tenant: int, survey: str, actor: str) -> SurveyRecord:
    """Take no more answers and ask nobody with it, until it is opened again.

    Raises:
        SurveyUnknown: there is no such survey here.
        NotPublished: it was never published.
    """
    return await _set_state(ports, tenant, survey, SurveyState.CLOSED, actor)


async def open_survey(ports: Ports, tenant: int, survey: str, actor: str) -> SurveyRecord:
    """Take answers again. Raises as :func:`close_survey`."""
    return await _set_state(ports, tenant, survey, SurveyState.ACTIVE, actor)


async def find_look(ports: Ports, tenant: int) -> Look:
    """How surveys look that are published from now on."""
    return await ports.db.read(store.find_look, tenant) or Look()


async def save_look(
    ports: Ports, tenant: int, look: Look, picture: tuple[str, bytes] | None, actor: str
) -> Look:
    """Change how surveys look that are published from now on. ``picture``: kind and bytes of a new logo."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Look:
        former = store.find_look(conn, tenant) or Look()
        kept = look
        if picture is not None:
            logo = secrets.token_hex(16)
            store.insert_logo(conn, tenant, logo, *picture, now)
            kept = look.model_copy(update={"logo": f"{tenant}-{logo}"})
        store.save_look(conn, tenant, kept, now)
        before, after = former.model_dump(mode="json"), kept.model_dump(mode="json")
        audit_in(conn, tenant, actor, "survey.look", "look", before, after, now)
        return kept

    return await ports.db.write(unit)


async def find_logo(ports: Ports, tenant: int, logo: str) -> tuple[str, bytes] | None:
    """Kind and bytes of an uploaded picture."""
    return await ports.db.read(store.find_logo, tenant, logo)


async def find_survey(ports: Ports, tenant: int, survey: str) -> tuple[SurveyRecord, SurveyVersion]:
    """The survey and its newest version, draft or published.

    Raises:
        SurveyUnknown: there is no such survey here.
    """

    def query(conn: Connection) -> tuple[SurveyRecord, SurveyVersion]:
        record = get_survey_in(conn, tenant, survey)
        return record, get_version_in(conn, tenant, survey, record.newest)

    return await ports.db.read(query)


async def list_versions(ports: Ports, tenant: int, survey: str) -> tuple[SurveyRecord, list[SurveyVersion]]:
    """The survey and all its versions, the first one first. Raises SurveyUnknown."""

    def query(conn: Connection) -> tuple[SurveyRecord, list[SurveyVersion]]:
        return get_survey_in(conn, tenant, survey), store.list_versions(conn, tenant, survey)

    return await ports.db.read(query)


async def list_surveys(ports: Ports, tenant: int, limit: int = 200) -> list[SurveyRecord]:
    """The tenant's surveys, newest first."""
    return await ports.db.read(store.list_surveys, tenant, limit)


def get_survey_in(conn: Connection, tenant: int, survey: str) -> SurveyRecord:
    """The survey; raises SurveyUnknown."""
    record = store.find_survey(conn, tenant, survey)
    if record is None:
        raise SurveyUnknown(survey)
    return record


def get_published_in(conn: Connection, tenant: int, survey: str) -> tuple[int, SurveyDocument]:
    """The version and document to ask with now.

    Raises:
        SurveyUnknown: there is no such survey here.
        NotPublished: it was never published, or it is closed.
    """
    record = get_survey_in(conn, tenant, survey)
    if record.state is not SurveyState.ACTIVE:
        raise NotPublished(f"{survey} is {record.state.value}")
    return record.published, get_version_in(conn, tenant, survey, record.published).document


def get_version_in(conn: Connection, tenant: int, survey: str, number: int) -> SurveyVersion:
    """One version, as invitations and responses name it; raises SurveyUnknown."""
    version = store.find_version(conn, tenant, survey, number)
    if version is None:
        raise SurveyUnknown(f"{survey} version {number}")
    return version


async def _set_state(ports: Ports, tenant: int, survey: str, state: SurveyState, actor: str) -> SurveyRecord:
    return await ports.db.write(set_state_in, tenant, survey, state, actor, ports.clock.now())


def set_state_in(
    conn: Connection, tenant: int, survey: str, state: SurveyState, actor: str, now: datetime
) -> SurveyRecord:
    """:func:`close_survey` and :func:`open_survey` inside another unit."""
    record = _claim(conn, tenant, survey)
    if record.state is SurveyState.NEW:
        raise NotPublished(f"{survey} is new")
    store.update_survey(conn, tenant, survey, state=state.value, updated_at=now)
    before, after = {"state": record.state.value}, {"state": state.value}
    audit_in(conn, tenant, actor, f"survey.{state.value}", survey, before, after, now)
    _tell_programs_in(conn, tenant, record, state)
    return replace(record, state=state, updated_at=now)


def _tell_programs_in(conn: Connection, tenant: int, was: SurveyRecord, state: SurveyState) -> None:
    if was.state is not state:
        publish_in(conn, tenant, [survey_event(was.id, active=state is SurveyState.ACTIVE)])


def _claim(conn: Connection, tenant: int, survey: str) -> SurveyRecord:
    record = store.claim_survey(conn, tenant, survey)
    if record is None:
        raise SurveyUnknown(survey)
    return record


def _draft(number: int, document: SurveyDocument, actor: str, now: datetime) -> SurveyVersion:
    return SurveyVersion(number, VersionState.DRAFT, document, actor, now, None)
