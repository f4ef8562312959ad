"""Responses for programs: a file in three steps, one response, and one that a program gives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from opulse.experience.api_v3 import store
from opulse.experience.api_v3.rules.refusing import Refusal, bad
from opulse.experience.api_v3.rules.responses import ExportWish, answers_of
from opulse.experience.responses.flow.exporting import Export, Format, open_export, write_export
from opulse.experience.responses.flow.giving import give_response_in
from opulse.experience.responses.flow.listing import (
    TooFew,
    all_columns,
    check_file,
    embedded_names,
    get_answer,
)
from opulse.experience.responses.models import AnswerFilter
from opulse.experience.responses.rules.export import columns_of
from opulse.experience.responses.rules.export.lines import Sheet, json_object
from opulse.experience.surveys.flow import NotPublished, SurveyUnknown, find_survey, get_published_in
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

KEPT = timedelta(days=7)
"""How long an export may be fetched (qualtrics-api.md 1.13)."""
_WANTED = AnswerFilter()


async def start_export(ports: Ports, tenant: int, survey: str, wish: ExportWish, actor: str) -> store.Export:
    """Note that a file is wanted. Raises SurveyUnknown, Refusal: so few answers that each could be guessed."""
    try:
        await check_file(ports, tenant, survey, _WANTED)
    except TooFew as error:
        raise _too_few(error) from error
    now = ports.clock.now()
    made = store.Export(tenant, new_id(Prefix.EXPORT), survey, f"{uuid4()}-def", wish.as_json(), actor, now)

    def unit(conn: Connection) -> None:
        store.delete_exports(conn, tenant, now - KEPT)
        store.insert_export(conn, made)
        audit_in(conn, tenant, actor, "responses.requested", survey, None, wish.as_json(), now)

    await ports.db.write(unit)
    return made


async def find_export(
    ports: Ports, tenant: int, survey: str, *, progress: str = "", file: str = ""
) -> store.Export:
    """The export of this id, or of this file. Raises Refusal: 404, also after a week."""
    since = ports.clock.now() - KEPT

    def query(conn: Connection) -> store.Export | None:
        return store.find_export(conn, tenant, survey, since, progress=progress, file=file)

    found = await ports.db.read(query)
    if found is None:
        raise Refusal(
            404, f"{progress or file} not found: files are kept for a week; export again.", "ESSG_2"
        )
    return found


async def open_file(ports: Ports, asked: store.Export, actor: str) -> Export:
    """The file, ready to be written. Raises Refusal."""
    wanted = asked.wanted
    try:
        return await open_export(
            ports,
            asked.tenant,
            asked.survey,
            _WANTED,
            Format(wanted["form"]),
            actor,
            labels=wanted["labels"],
            zone=wanted["zone"],
        )
    except TooFew as error:
        raise _too_few(error) from error


async def write_file(ports: Ports, export: Export, *, compress: bool) -> AsyncIterator[bytes]:
    """The file, in pieces; in a zip under the survey's name. Without the mark that only spreadsheets read."""
    pieces = _without_mark(write_export(ports, export))
    if not compress:
        async for piece in pieces:
            yield piece
        return
    sink = _Sink()
    name = export.name.replace("/", "-") or "responses"
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{name}.{export.form.value}", "w", force_zip64=True) as inside,
    ):
        async for piece in pieces:
            inside.write(piece)
            yield sink.take()
    yield sink.take()


async def get_single(ports: Ports, tenant: int, survey: str, response: str) -> Mapping[str, Any]:
    """One response in our export's keys. Raises SurveyUnknown, LookupError, Refusal."""
    try:
        row, identity, shown = await get_answer(ports, tenant, survey, response)
    except TooFew as error:
        raise _too_few(error) from error
    columns = await all_columns(ports, tenant, survey)
    fields = await embedded_names(ports, tenant, survey, identity)
    return json_object(Sheet(identity, columns, labels=False, texts=shown.texts, embedded=fields), row)


async def give(ports: Ports, tenant: int, survey: str, values: Mapping[str, Any], actor: str) -> str:
    """Record a response that a program brings, to the published version. Its id.

    Raises:
        SurveyUnknown: there is no such survey here.
        Refusal: it collects no answers, or a value fits no question.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> str:
        version, document = get_published_in(conn, tenant, survey)
        answers = answers_of(values, document, columns_of(document))
        language = str(values.get("userLanguage") or document.language).lower()
        known = next((one for one in document.languages if one.lower() == language), document.language)
        return give_response_in(conn, tenant, survey, version, answers, known, actor, now)

    try:
        return await ports.db.write(unit)
    except NotPublished as error:
        raise bad(f"The survey collects no answers: set isActive first ({error}).") from error


async def survey_name(ports: Ports, tenant: int, survey: str) -> str:
    """Its name. Raises SurveyUnknown."""
    return (await find_survey(ports, tenant, survey))[0].name


def _too_few(error: TooFew) -> Refusal:
    return Refusal(403, f"{error} The survey promises its people confidence.", "QMST_2.1")


async def _without_mark(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    first = True
    async for piece in pieces:
        yield piece.removeprefix(b"\xef\xbb\xbf") if first else piece
        first = False


class _Sink(io.RawIOBase):
    """Where the archive writes, and what was written since the last look. It cannot seek, so sizes stand behind each file."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


__all__ = [
    "SurveyUnknown",
    "find_export",
    "get_single",
    "give",
    "open_file",
    "start_export",
    "survey_name",
    "write_file",
]
