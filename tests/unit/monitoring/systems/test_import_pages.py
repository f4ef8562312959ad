"""The page of an import: a file is chosen, mapped, followed, and what was refused is there to save."""

from __future__ import annotations

import pytest

from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.systems.flow.importing import take_file
from opulse.monitoring.systems.flow.systems import list_systems
from tests.edges.console import Console, text_of

HERE = "/systems/import"
TABLE = b"Computer,Owner\nLT-1,anna@example.org\n,\nLT-2,<b>nobody</b>\n"
MAPPING = "# comment\nname = Computer\n\nuser.email=Owner"


async def send(console: Console, body: bytes | None, **fields: str) -> tuple[int, str, str]:
    files = {"file": ("devices.csv", body, "text/csv")} if body is not None else None
    data = {"kind": "devices", "format": "csv", "mapping": "", **fields}
    answer = await console.editor.post(HERE, data=data, files=files)
    return answer.status_code, answer.headers.get("location", ""), answer.text


async def test_a_file_is_sent_followed_and_its_refused_rows_saved(console: Console) -> None:
    status, address, _ = await send(console, TABLE, mapping=MAPPING)
    assert status == 303
    before = (await console.viewer.get(address)).text
    assert "0% of the file is taken" in text_of(before)
    assert 'hx-trigger="every 2s"' in before
    await take_file(console.ports, console.tenant, address.rpartition("/")[2])
    after = (await console.viewer.get(address)).text
    assert "Every record was taken or refused." in text_of(after)
    assert "hx-trigger" not in after.partition("<h1")[0].rpartition('id="progress"')[2]
    assert "LT-2" in text_of(after)
    assert "<b>nobody</b>" in text_of(after)
    assert "name Computer" in text_of(after)
    saved = await console.viewer.get(f"{address}/refused.csv")
    assert saved.text.splitlines()[1].startswith("4,LT-2,")
    listed = text_of((await console.editor.get(HERE)).text)
    assert "Systems from CSV" in listed
    found = await list_systems(console.ports, console.tenant, "", 0, 10)
    assert [system.name for system in found.systems] == ["LT-1"]


@pytest.mark.parametrize(
    ("body", "fields", "said"),
    [
        (None, {}, "Choose a file."),
        (b"colour\nred\n", {}, "Map a field to system_id or serial or name"),
        (TABLE, {"mapping": "name = Hostname"}, "The file has no column Hostname."),
        (TABLE, {"mapping": "name: Computer"}, "Line 1: write target = field of the file."),
        (TABLE, {"mapping": "nom = Computer"}, "The mapping names nom"),
        (TABLE, {"format": "json"}, "The file is no JSON"),
        (TABLE, {"kind": "cats"}, "Choose what the file holds"),
    ],
)
async def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(
    console: Console, body: bytes | None, fields: dict[str, str], said: str
) -> None:
    status, _, page = await send(console, body, **fields)
    assert (status, said in text_of(page)) == (422, True)
    assert fields.get("mapping", "") in page


async def test_imports_are_for_editors(console: Console) -> None:
    assert (await console.viewer.get(HERE)).status_code == 403
    assert (await console.viewer.post(HERE, data={})).status_code == 403
    console.app.state.evaluator = evaluator = Evaluator(
        console.ports.db, console.ports.clock, console.ports.limits
    )
    await evaluator.load()
    assert f'href="{HERE}"' in (await console.editor.get("/systems")).text
    assert f'href="{HERE}"' not in (await console.viewer.get("/systems")).text
    assert (await console.viewer.get(f"{HERE}/nothing")).status_code == 404
