"""Surveys as a part of the tenant's configuration: the document that people are asked with, and a draft that differs from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.surveys import flow, views
from opulse.experience.surveys.models import SurveyDocument, SurveyRecord, SurveyState
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed

NAME = "surveys"


class SurveyEntry(Entry):
    """``published``: what people are asked with; ``draft``: what is edited beside it, or was never published."""

    closed: bool = False
    published: SurveyDocument | None = None
    draft: SurveyDocument | None = None


def list_keyed_in(conn: Connection, tenant: int) -> dict[str, SurveyRecord]:
    """The surveys by the names that a document calls them: what later stages refer to."""
    return keyed((found.name, found) for found in views.list_all_surveys(conn, tenant))


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, SurveyEntry]:
    return {key: _entry(conn, tenant, found) for key, found in list_keyed_in(conn, tenant).items()}


def _entry(conn: Connection, tenant: int, found: SurveyRecord) -> SurveyEntry:
    def document(number: int) -> SurveyDocument:
        return flow.get_version_in(conn, tenant, found.id, number).document

    return SurveyEntry(
        closed=found.state is SurveyState.CLOSED,
        published=document(found.published) if found.published else None,
        draft=document(found.newest) if found.newest != found.published else None,
    )


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = list_keyed_in(work.conn, work.tenant)
    for change in changes:
        try:
            _save_one(work, change, known.get(change.key))
        except flow.DocumentRefused as refused:
            for problem in refused.problems:
                words = f"{problem.reason.value.replace('_', ' ')} {problem.detail}".strip()
                work.refuse(NAME, change.key, f"It cannot be published: {words}.", "published", problem.where)


def _save_one(work: Work, change: Change, found: SurveyRecord | None) -> None:
    entry, before = change.after, change.before or SurveyEntry()
    first = entry.published or entry.draft
    if first is None:
        work.refuse(NAME, change.key, "A survey has a document, under published or draft.")
        return
    if before.published is not None and entry.published is None:
        work.refuse(NAME, change.key, "What was published stays published; close it instead.", "published")
        return
    name = found.name if found else change.key
    who = (work.actor, work.now)
    if found is None:
        found = flow.create_survey_in(work.conn, work.tenant, name, first, *who)
    elif first != (before.published if entry.published else before.draft):
        flow.save_draft_in(work.conn, work.tenant, found.id, name, first, *who)
    published = entry.published is not None and entry.published != before.published
    if published:
        flow.publish_survey_in(work.conn, work.tenant, found.id, *who)
    if entry.published is not None and entry.draft is not None and (published or entry.draft != before.draft):
        flow.save_draft_in(work.conn, work.tenant, found.id, name, entry.draft, *who)
    elif not published and entry.published is not None and entry.draft is None and before.draft is not None:
        work.refuse(NAME, change.key, "A draft is not thrown away by an import; publish or edit it.", "draft")
    if entry.closed and entry.published is None:
        work.refuse(NAME, change.key, "Only what was published can be closed.", "closed")
    elif entry.published is not None and entry.closed != (before.closed and not published):
        state = SurveyState.CLOSED if entry.closed else SurveyState.ACTIVE
        flow.set_state_in(work.conn, work.tenant, found.id, state, *who)


SECTIONS = (Section(NAME, SurveyEntry, _read_in, _save_in),)
