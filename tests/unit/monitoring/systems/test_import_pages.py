"""The page of an import: a file is chosen, mapped, followed, and what was refused is there to save."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.systems.flow.importing import Wanted, hold_file, read_held, take_file
from opulse.monitoring.systems.flow.systems import list_systems
from opulse.monitoring.systems.models import FileFormat, ImportKind, System
from tests.edges.console import Console, open_console, text_of

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


async def hold(console: Console, body: bytes, **fields: str) -> str:
    """Send a file whose fields are mapped on the next page; the address of that page."""
    status, address, page = await send(console, body, do="map", **fields)
    assert (status, address.endswith("/mapping")) == (303, True), text_of(page)
    return address


async def take(console: Console, address: str) -> list[System]:
    import_id = address.removesuffix("/mapping").rpartition("/")[2]
    await take_file(console.ports, console.tenant, import_id)
    return (await list_systems(console.ports, console.tenant, "", 0, 10)).systems


async def test_fields_are_mapped_by_drop_downs_beside_what_is_in_them(console: Console) -> None:
    table = b"Hostname;Owner mail;Ring;Serial Number\nLT-1;anna@example.org;fast;S1\nLT-2;;slow;S2\n"
    address = await hold(console, table)
    assert await take(console, address) == []  # nothing is taken before somebody says where the fields go
    page = (await console.editor.get(address)).text
    assert "anna@example.org" in page
    assert "fast, slow" in text_of(page)
    assert re.findall(r'<option value="(\w+)" selected', page) == ["name", "serial"]
    progress = await console.editor.get(address.removesuffix("/mapping"))
    assert progress.headers["location"] == address

    chosen = {"to-0": "name", "to-1": "user.email", "to-2": "attribute", "to-3": "serial"}
    answer = await console.editor.post(address, data=chosen | {"to-3": "name"})
    assert answer.status_code == 422
    assert "Hostname goes there already" in text_of(answer.text)
    assert re.findall(r'<option value="([\w.]+)" selected', answer.text) == [
        "name",
        "user.email",
        "attribute",
        "name",
    ]
    answer = await console.editor.post(address, data={"to-2": "attribute"})
    assert "Map a field to system_id or serial or name" in text_of(answer.text)

    chosen["to-1"] = "user.user_id"
    answer = await console.editor.post(address, data=chosen)
    assert answer.headers["location"] == address.removesuffix("/mapping")
    first, second = await take(console, address)
    assert (first.name, first.serial, dict(first.attributes)) == ("LT-1", "S1", {"Ring": "fast"})
    assert [user.user_id for user in first.users] == ["anna@example.org"]
    assert second.users == ()
    again = await console.editor.get(address)  # it is mapped
    assert again.headers["location"] == address.removesuffix("/mapping")


async def test_files_without_a_heading_say_by_their_records_what_they_hold(console: Console) -> None:
    body = (
        b'[{"displayName": "LT-1", "owner": {"mail": "a@example.org"}}, {"displayName": "LT-2", "extra": 1}]'
    )
    address = await hold(console, body, format="json")
    page = text_of((await console.editor.get(address)).text)
    for said in ("displayname LT-1, LT-2", "owner.mail a@example.org", "extra 1"):
        assert said in page
    await console.editor.post(address, data={"to-0": "name"})
    assert [system.name for system in await take(console, address)] == ["LT-1", "LT-2"]


async def test_a_file_that_nobody_maps_is_forgotten_after_a_day(console: Console, clock: ManualClock) -> None:
    wanted = Wanted(console.tenant, ImportKind.DEVICES, FileFormat.CSV, "test")

    async def hold_again() -> str:
        async def pieces() -> AsyncIterator[bytes]:
            yield TABLE

        return (await hold_file(console.ports, wanted, pieces())).id

    async def waits(import_id: str) -> bool:
        return await read_held(console.ports, console.tenant, import_id) is not None

    first = await hold_again()
    clock.advance(23 * 3600)
    second = await hold_again()
    assert (await waits(first), await waits(second)) == (True, True)
    clock.advance(2 * 3600)
    await hold_again()
    assert (await waits(first), await waits(second)) == (False, True)


async def test_mapping_is_for_editors_of_the_same_tenant(console: Console) -> None:
    address = await hold(console, TABLE)
    assert (await console.viewer.get(address)).status_code == 403
    assert (await console.viewer.post(address, data={"to-0": "name"})).status_code == 403
    async with open_console(console.ports, "Other", "other.example") as other:
        assert (await other.editor.get(address)).status_code == 404
        assert (await other.editor.post(address, data={"to-0": "name"})).status_code == 404
    status, _, page = await send(console, b"colour,COLOUR\nred,blue\n", do="map")
    assert (status, "Two columns have the same name." in text_of(page)) == (422, True)
