"""Import a survey file as a new draft, look at one without changing anything, and write a survey as a file."""

from __future__ import annotations

import asyncio

from opulse.experience.surveys import flow as surveys
from opulse.experience.surveys.models import SurveyRecord, SurveyVersion
from opulse.experience.surveys.qsf.mapping import Imported, to_document
from opulse.experience.surveys.qsf.reader import read_qsf
from opulse.experience.surveys.qsf.writing import write_qsf
from opulse.ports import Ports

MOST_BYTES = 16_000_000
"""Of one file: 2,000 questions with three languages are about 10 MB."""


async def look_at(content: bytes) -> Imported:
    """What an import of the file would make; a large file takes seconds, so others are answered meanwhile.

    Raises:
        QsfUnreadable: it is no survey file.
    """
    return await asyncio.to_thread(_mapped, content)


async def import_qsf(
    ports: Ports, tenant: int, content: bytes, name: str, actor: str
) -> tuple[SurveyRecord, Imported]:
    """A new survey from the file, as a draft. ``name`` is its name in the console; empty: the file's own.

    Raises:
        QsfUnreadable: it is no survey file; nothing is made.
    """
    imported = await look_at(content)
    wanted = name.strip()[:100] or imported.name
    return await surveys.create_survey(ports, tenant, wanted, imported.document, actor), imported


async def export_qsf(ports: Ports, tenant: int, survey: str) -> tuple[SurveyRecord, bytes]:
    """The survey's newest version as a file.

    Raises:
        SurveyUnknown: there is no such survey here.
    """
    record, version = await surveys.find_survey(ports, tenant, survey)
    return record, await asyncio.to_thread(_written, record, version)


def _mapped(content: bytes) -> Imported:
    return to_document(read_qsf(content))


def _written(record: SurveyRecord, version: SurveyVersion) -> bytes:
    return write_qsf(version.document, record.name, record.id)
