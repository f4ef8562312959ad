"""Surveys and their versions: all SQL of the stage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata, upsert
from opulse.experience.surveys.models import (
    Look,
    SurveyDocument,
    SurveyRecord,
    SurveyState,
    SurveyVersion,
    VersionState,
)

NOT_YET = datetime(1970, 1, 1, tzinfo=UTC)  # published_at of a draft: the column stays NOT NULL

surveys = Table(
    "surveys",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("published", Integer, nullable=False),
    Column("newest", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_surveys_newest_first", "tenant", "created_at"),
)

survey_versions = Table(
    "survey_versions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("survey", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("document", JsonDoc, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "survey", "number"),
    ForeignKeyConstraint(["tenant", "survey"], ["surveys.tenant", "surveys.id"]),
)


survey_looks = Table(
    "survey_looks",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("look", JsonDoc, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant"),
)

survey_logos = Table(
    "survey_logos",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),  # 32 hex characters; published versions name it, so it stays
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)


def find_look(conn: Connection, tenant: int) -> Look | None:
    """How the tenant's surveys look, or None: as ours do."""
    row = conn.execute(select(survey_looks.c.look).where(survey_looks.c.tenant == tenant)).first()
    return Look.model_validate(row.look) if row else None


def save_look(conn: Connection, tenant: int, look: Look, now: datetime) -> None:
    """How surveys look that are published from now on."""
    row = {"tenant": tenant, "look": look.model_dump(mode="json"), "updated_at": now}
    upsert(conn, survey_looks, [row], key=["tenant"], change=["look", "updated_at"])


def insert_logo(
    conn: Connection, tenant: int, logo: str, media_type: str, body: bytes, now: datetime
) -> None:
    """A further picture."""
    row = {"tenant": tenant, "id": logo, "media_type": media_type, "body": body, "created_at": now}
    conn.execute(insert(survey_logos).values(row))


def find_logo(conn: Connection, tenant: int, logo: str) -> tuple[str, bytes] | None:
    """Its kind and its bytes."""
    row = conn.execute(
        select(survey_logos.c.media_type, survey_logos.c.body).where(
            survey_logos.c.tenant == tenant, survey_logos.c.id == logo
        )
    ).first()
    return (row.media_type, row.body) if row else None


def insert_survey(conn: Connection, record: SurveyRecord) -> None:
    """A new survey without versions."""
    row = {name: getattr(record, name) for name in surveys.c.keys()}  # noqa: SIM118 - columns are not a dict
    conn.execute(insert(surveys).values(row | {"state": record.state.value}))


def find_survey(conn: Connection, tenant: int, survey: str) -> SurveyRecord | None:
    """The survey, or None when this tenant has none of that id."""
    row = conn.execute(select(surveys).where(surveys.c.tenant == tenant, surveys.c.id == survey)).first()
    return _record(row) if row else None


def claim_survey(conn: Connection, tenant: int, survey: str) -> SurveyRecord | None:
    """:func:`find_survey`, with the row locked until the unit ends: two editors must not number the same version."""
    found = select(surveys).where(surveys.c.tenant == tenant, surveys.c.id == survey).with_for_update()
    row = conn.execute(found).first()
    return _record(row) if row else None


def list_surveys(conn: Connection, tenant: int, limit: int) -> list[SurveyRecord]:
    """Newest first."""
    newest = select(surveys).where(surveys.c.tenant == tenant)
    rows = conn.execute(newest.order_by(surveys.c.created_at.desc(), surveys.c.id).limit(limit))
    return [_record(row) for row in rows]


def list_all_surveys(conn: Connection, tenant: int) -> list[SurveyRecord]:
    """All of the tenant, oldest first."""
    oldest = select(surveys).where(surveys.c.tenant == tenant).order_by(surveys.c.created_at, surveys.c.id)
    return [_record(row) for row in conn.execute(oldest)]


def update_survey(conn: Connection, tenant: int, survey: str, **values: Any) -> None:
    """Set columns of one survey."""
    conn.execute(update(surveys).where(surveys.c.tenant == tenant, surveys.c.id == survey).values(values))


def insert_version(conn: Connection, tenant: int, survey: str, version: SurveyVersion) -> None:
    """A further version."""
    conn.execute(
        insert(survey_versions).values(
            tenant=tenant,
            survey=survey,
            number=version.number,
            state=version.state.value,
            document=version.document.model_dump(mode="json"),
            created_by=version.created_by,
            created_at=version.created_at,
            published_at=version.published_at or NOT_YET,
        )
    )


def update_draft(conn: Connection, tenant: int, survey: str, version: SurveyVersion) -> bool:
    """Write over a draft. False when that version is not a draft: a published one never changes."""
    done = conn.execute(
        update(survey_versions)
        .where(
            survey_versions.c.tenant == tenant,
            survey_versions.c.survey == survey,
            survey_versions.c.number == version.number,
            survey_versions.c.state == VersionState.DRAFT.value,
        )
        .values(
            state=version.state.value,
            document=version.document.model_dump(mode="json"),
            published_at=version.published_at or NOT_YET,
        )
    )
    return done.rowcount == 1


def find_version(conn: Connection, tenant: int, survey: str, number: int) -> SurveyVersion | None:
    """One version with its document."""
    row = conn.execute(
        select(survey_versions).where(
            survey_versions.c.tenant == tenant,
            survey_versions.c.survey == survey,
            survey_versions.c.number == number,
        )
    ).first()
    return _version(row) if row else None


def list_versions(conn: Connection, tenant: int, survey: str) -> list[SurveyVersion]:
    """Every version with its document, the first one first."""
    query = select(survey_versions).where(
        survey_versions.c.tenant == tenant, survey_versions.c.survey == survey
    )
    return [_version(row) for row in conn.execute(query.order_by(survey_versions.c.number))]


def _record(row: Row[Any]) -> SurveyRecord:
    return SurveyRecord(**(dict(row._mapping) | {"state": SurveyState(row.state)}))


def _version(row: Row[Any]) -> SurveyVersion:
    return SurveyVersion(
        number=row.number,
        state=VersionState(row.state),
        document=SurveyDocument.model_validate(row.document),
        created_by=row.created_by,
        created_at=row.created_at,
        published_at=None if row.published_at == NOT_YET else row.published_at,
    )
