"""Surveys for programs: read as files of the product, changed as files of the product, kept by the flow of the console."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opulse.experience.api_v3 import store
from opulse.experience.api_v3.rules.definitions import stamped
from opulse.experience.api_v3.rules.refusing import Refusal, bad
from opulse.experience.responses.flow.listing import all_columns
from opulse.experience.responses.rules.export import Column
from opulse.experience.surveys import flow as surveys
from opulse.experience.surveys.models import SurveyRecord, SurveyVersion
from opulse.experience.surveys.qsf import Imported, Outcome, QsfUnreadable, write_qsf
from opulse.experience.surveys.qsf.flow import look_at
from opulse.ports import Ports
from opulse.tenancy import get_tenant

Json = dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """A survey in one of its versions, and as a file."""

    record: SurveyRecord
    version: SurveyVersion
    file: Json
    brand: str


async def open_survey(ports: Ports, tenant: int, survey: str, number: int = 0) -> Opened:
    """The newest version, or that of ``number``. Raises SurveyUnknown."""
    if number:
        record, versions = await surveys.list_versions(ports, tenant, survey)
        found = next((one for one in versions if one.number == number), None)
        if found is None:
            raise surveys.SurveyUnknown(f"{survey} version {number}")
        version = found
    else:
        record, version = await surveys.find_survey(ports, tenant, survey)
    brand = (await ports.db.read(get_tenant, tenant)).client_id
    content = await asyncio.to_thread(write_qsf, version.document, record.name, record.id)
    return Opened(record, version, stamped(json.loads(content), record, version, brand), brand)


async def columns_and_count(ports: Ports, tenant: int, survey: str) -> tuple[list[Column], int]:
    """The columns of its exports, and how many responses it has."""
    columns = await all_columns(ports, tenant, survey)
    return columns, await ports.db.read(store.count_responses, tenant, survey)


async def change(
    ports: Ports, tenant: int, survey: str, edit: Callable[[Json], Json], actor: str, about: str = ""
) -> None:
    """Save the draft that the edited file makes. ``about``: a question that must be in it, taken or approximated.

    Raises:
        SurveyUnknown: there is no such survey here.
        Refusal: the file makes no survey, or the question cannot be asked here; the sentence says why.
    """
    opened = await open_survey(ports, tenant, survey)
    imported = await _imported(json.dumps(edit(opened.file)).encode())
    for item in imported.report.items:
        if item.id == about and item.outcome is Outcome.LEFT:
            raise bad(f"The question {about} ({item.type}) cannot be asked here: {item.reason}")
    await surveys.save_draft(ports, tenant, survey, opened.record.name, imported.document, actor)


async def make(ports: Ports, tenant: int, content: bytes, name: str, actor: str) -> SurveyRecord:
    """A new survey of a file. Raises Refusal."""
    imported = await _imported(content)
    wanted = name.strip()[:100] or imported.name
    return await surveys.create_survey(ports, tenant, wanted, imported.document, actor)


async def copy(ports: Ports, tenant: int, source: str, name: str, actor: str) -> SurveyRecord:
    """A new survey with the newest document of another. Raises SurveyUnknown."""
    record, version = await surveys.find_survey(ports, tenant, source)
    wanted = name.strip()[:100] or f"{record.name} - Copy"[:100]
    return await surveys.create_survey(ports, tenant, wanted, version.document, actor)


async def rename(ports: Ports, tenant: int, survey: str, name: str, actor: str) -> None:
    """Another name, the same document. Raises SurveyUnknown."""
    _, version = await surveys.find_survey(ports, tenant, survey)
    await surveys.save_draft(ports, tenant, survey, name, version.document, actor)


async def activate(ports: Ports, tenant: int, survey: str, actor: str) -> None:
    """Collect answers: what was never published is published, what was closed is opened.

    Raises:
        SurveyUnknown: there is no such survey here.
        Refusal: its document may not be published.
    """
    record, _ = await surveys.find_survey(ports, tenant, survey)
    if record.published:
        await surveys.open_survey(ports, tenant, survey, actor)
    else:
        await publish(ports, tenant, survey, actor)


async def deactivate(ports: Ports, tenant: int, survey: str, actor: str) -> None:
    """Collect no answers. Raises SurveyUnknown."""
    record, _ = await surveys.find_survey(ports, tenant, survey)
    if record.published:  # what was never published collects none
        await surveys.close_survey(ports, tenant, survey, actor)


async def publish(ports: Ports, tenant: int, survey: str, actor: str) -> Opened:
    """Make the newest version live. Raises SurveyUnknown, Refusal."""
    try:
        await surveys.publish_survey(ports, tenant, survey, actor)
    except surveys.DocumentRefused as refused:
        raise bad(f"The survey cannot be published: {refused}.") from refused
    return await open_survey(ports, tenant, survey)


async def _imported(content: bytes) -> Imported:
    try:
        return await look_at(content)
    except QsfUnreadable as error:
        raise Refusal(400, f"The file is not a survey: {error}", "GP_0") from error
