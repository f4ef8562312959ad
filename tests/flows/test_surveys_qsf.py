"""QSF files by API, page and command: looked at, imported as a draft, published, exported and imported again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from opulse.cli.main import app as command
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.surveys import flow
from opulse.experience.surveys import pages as survey_pages
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.qsf import api, pages
from opulse.ports import Ports
from opulse.web.access import Role
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant, sign_in_as
from tests.unit.experience.surveys.qsf.files import one_of, qsf, question

FILE = qsf(
    one_of("QID1", "Yes", "No"),
    question("QID2", "Timing", "PageTimer"),
    question("QID3", "FileUpload", "FileUpload"),
    options={"Header": "<b>Acme</b>"},
)
REPORT_KEYS = ["questions", "taken", "approximated", "left", "items"]


@dataclass
class World:
    ports: Ports
    tenant: int
    machine: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    editor: httpx2.AsyncClient
    viewer: httpx2.AsyncClient

    async def send(self, content: bytes, **query: str) -> httpx2.Response:
        return await self.machine.post("/api/v1/surveys/qsf", content=content, params=query)

    async def upload(self, content: bytes, **fields: str) -> httpx2.Response:
        files = {"file": ("week.qsf", content, "application/octet-stream")}
        return await self.editor.post("/surveys/import", data=fields, files=files)


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    ports = make_ports(db, clock)
    tenant, key = await make_tenant(ports)
    _, other = await make_tenant(ports, "Other")
    app = make_app(ports, api.router, pages.router, survey_pages.router)
    async with (
        browse(app, key) as machine,
        browse(app, other) as stranger,
        browse(app) as editor,
        browse(app) as viewer,
    ):
        await sign_in_as(ports, tenant, Role.EDITOR, editor)
        await sign_in_as(ports, tenant, Role.VIEWER, viewer)
        yield World(ports, tenant, machine, stranger, editor, viewer)


@pytest.mark.stores
async def test_a_file_becomes_a_draft_that_can_be_published(world: World) -> None:
    answer = await world.send(FILE)
    assert answer.status_code == 201
    body = answer.json()
    assert list(body["report"]) == REPORT_KEYS
    assert [(one["id"], one["outcome"]) for one in body["report"]["items"]] == [
        ("QID1", "taken"),
        ("QID2", "approximated"),
        ("QID3", "left"),
    ]
    record, version = await flow.find_survey(world.ports, world.tenant, body["survey_id"])
    assert (record.name, record.state) == ("Small", SurveyState.NEW)
    assert [one.id for one in version.document.questions] == ["QID1", "QID2"]
    published = await flow.publish_survey(world.ports, world.tenant, record.id, "test")
    assert published.state is SurveyState.ACTIVE


async def test_looking_at_a_file_makes_nothing(world: World) -> None:
    answer = await world.send(FILE, check="true")
    assert (answer.status_code, answer.json()["survey_id"], answer.json()["name"]) == (200, None, "Small")
    assert answer.json()["report"]["left"] == 1
    assert await flow.list_surveys(world.ports, world.tenant) == []


@pytest.mark.stores
async def test_an_export_imports_as_the_same_document(world: World) -> None:
    first = (await world.send(FILE, name="Weekly")).json()["survey_id"]
    exported = await world.machine.get(f"/api/v1/surveys/{first}/qsf")
    assert exported.headers["content-disposition"] == f'attachment; filename="{first}.qsf"'
    second = (await world.send(exported.content)).json()["survey_id"]
    records = [await flow.find_survey(world.ports, world.tenant, one) for one in (first, second)]
    assert records[0][1].document == records[1][1].document
    assert [record.name for record, _ in records] == ["Weekly", "Weekly"]


async def test_what_is_no_survey_is_refused_with_what_to_do(world: World) -> None:
    answer = await world.send(b"<html></html>")
    assert answer.status_code == 422
    assert "web page" in answer.json()["detail"]
    assert await flow.list_surveys(world.ports, world.tenant) == []


async def test_a_file_that_is_too_large_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MOST_BYTES", 100)
    assert (await world.send(FILE)).status_code == 413


async def test_another_tenant_finds_nothing(world: World) -> None:
    survey = (await world.send(FILE)).json()["survey_id"]
    assert (await world.stranger.get(f"/api/v1/surveys/{survey}/qsf")).status_code == 404


async def test_the_page_imports_and_says_what_became_of_each_question(world: World) -> None:
    assert "Import as a draft" in (await world.editor.get("/surveys/import")).text
    shown = await world.upload(FILE, do="import")
    assert shown.status_code == 200
    for words in (
        "Imported as a draft",
        "1 taken as they are",
        "QID3",
        "Files cannot be sent",
        "clicks are not",
        "Header",
    ):
        assert words in shown.text
    (record,) = await flow.list_surveys(world.ports, world.tenant)
    assert f"/surveys/{record.id}" in shown.text
    survey = await world.editor.get(f"/surveys/{record.id}")
    assert "Question QID1" in survey.text
    assert f"/surveys/{record.id}/export" in survey.text


async def test_the_page_looks_without_importing(world: World) -> None:
    shown = await world.upload(FILE, do="check", name="Weekly")
    assert "Nothing was changed yet" in shown.text
    assert await flow.list_surveys(world.ports, world.tenant) == []


@pytest.mark.parametrize(("content", "words"), [(b"no json", "not JSON"), (b"", "empty")])
async def test_the_page_refuses_and_keeps_the_name(world: World, content: bytes, words: str) -> None:
    shown = await world.upload(content, do="import", name="Weekly")
    assert shown.status_code == 422
    assert words in shown.text
    assert 'value="Weekly"' in shown.text


async def test_a_form_without_a_file_asks_for_it(world: World) -> None:
    shown = await world.editor.post("/surveys/import", data={"do": "import"})
    assert shown.status_code == 422
    assert "Choose the QSF file." in shown.text


async def test_viewers_download_and_do_not_import(world: World) -> None:
    survey = (await world.send(FILE)).json()["survey_id"]
    assert (await world.viewer.get(f"/surveys/{survey}/export")).status_code == 200
    assert (await world.viewer.get("/surveys/SV_00000000000/export")).status_code == 404
    assert (await world.viewer.get("/surveys/import")).status_code == 403


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, list(words))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "week.qsf"
    path.write_bytes(FILE)
    return str(path)


def test_the_command_looks_at_a_file_alone(file: str) -> None:
    code, out, _ = run("import", "qsf", file, "--check", "--json")
    report = json.loads(out)
    assert (code, list(report)) == (0, REPORT_KEYS)
    assert [report[key] for key in REPORT_KEYS[:4]] == [3, 1, 1, 1]
    assert all(list(one) == ["id", "type", "outcome", "reason"] for one in report["items"])


def test_the_command_says_it_in_words(file: str) -> None:
    code, out, _ = run("import", "qsf", file, "--check")
    assert code == 0
    assert "! QID3 (FileUpload / FileUpload): Files cannot be sent with an answer." in out
    assert out.rstrip().endswith("Small: 3 questions, 1 taken, 1 approximated, 1 left.")


def test_the_command_ends_with_one_when_it_is_strict(file: str) -> None:
    assert run("import", "qsf", file, "--check", "--strict")[0] == 1


def test_the_command_without_a_server_reports_and_says_that_nothing_was_imported(file: str) -> None:
    code, out, problem = run("import", "qsf", file, "--json")
    assert (code, json.loads(out)["questions"]) == (2, 3)
    assert "--server" in problem


def test_the_command_refuses_what_is_no_survey(tmp_path: Path) -> None:
    path = tmp_path / "quartus.qsf"
    path.write_text("set_global_assignment -name FAMILY")
    code, out, problem = run("import", "qsf", str(path), "--check")
    assert (code, out) == (2, "")
    assert "not JSON" in problem
