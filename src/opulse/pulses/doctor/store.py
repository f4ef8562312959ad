"""What the nightly looks found: a row per tenant and day, so that a job that is done twice compares with yesterday still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Integer, Table, Text, and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import metadata
from opulse.db.types import Instant, JsonDoc
from opulse.pulses.doctor.models import Finding, Kind, LastFinding, LastReport, Report, Subject

KEPT: Final = timedelta(days=14)

doctor_reports = Table(
    "doctor_reports",
    metadata,
    Column("tenant", Integer, primary_key=True, autoincrement=False),
    Column("day", Text, primary_key=True),  # UTC, YYYY-MM-DD
    Column("at", Instant, nullable=False),
    Column("report", JsonDoc, nullable=False),
)


def keep_report(conn: Connection, tenant: int, report: Report) -> None:
    """Keep the look of this day, in place of an earlier one of the same day; those of a fortnight ago go."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    row = {
        "tenant": tenant,
        "day": f"{report.at:%Y-%m-%d}",
        "at": report.at,
        "report": {"findings": [_packed(one) for one in report.findings], "unseen": list(report.unseen)},
    }
    made = insert(doctor_reports).values(row)
    changed = {name: made.excluded[name] for name in ("at", "report")}
    conn.execute(made.on_conflict_do_update(index_elements=["tenant", "day"], set_=changed))
    old = doctor_reports.c.at < report.at - KEPT
    conn.execute(delete(doctor_reports).where(doctor_reports.c.tenant == tenant, old))


def find_last(conn: Connection, tenant: int) -> LastReport | None:
    """The newest look that was kept, compared with the one of the day before it; None: there was no night yet."""
    query = (
        select(doctor_reports.c.at, doctor_reports.c.report)
        .where(doctor_reports.c.tenant == tenant)
        .order_by(doctor_reports.c.day.desc())
        .limit(2)
    )
    rows = conn.execute(query).all()
    if not rows:
        return None
    newest, earlier = rows[0], rows[1] if len(rows) > 1 else None
    known = {one.key for one in _unpacked(earlier.report)} if earlier else set()
    found = tuple(
        LastFinding(one, earlier is not None and one.key not in known) for one in _unpacked(newest.report)
    )
    return LastReport(newest.at, found, tuple(newest.report["unseen"]), earlier.at if earlier else None)


def list_kinds_of_all(conn: Connection) -> list[Kind]:
    """The kind of each finding of each tenant's newest look: for the metric, which names no tenant."""
    newest = select(doctor_reports.c.tenant, func.max(doctor_reports.c.day).label("day")).group_by(
        doctor_reports.c.tenant
    )
    last = newest.subquery()
    on = and_(last.c.tenant == doctor_reports.c.tenant, last.c.day == doctor_reports.c.day)
    found = conn.execute(select(doctor_reports.c.report).join(last, on)).scalars()
    return [one.kind for report in found for one in _unpacked(report)]


def _packed(finding: Finding) -> dict[str, str]:
    subject = finding.subject
    return {
        "kind": finding.kind.value,
        "subject_kind": subject.kind,
        "subject": subject.name,
        "subject_page": subject.page,
        "what": finding.what,
    }


def _unpacked(report: Mapping[str, Any]) -> list[Finding]:
    """Without buttons: they are offered by a look of now. Kinds of another version are left out."""
    known = {kind.value for kind in Kind}
    return [
        Finding(
            Kind(one["kind"]), Subject(one["subject_kind"], one["subject"], one["subject_page"]), one["what"]
        )
        for one in report["findings"]
        if one["kind"] in known
    ]
