"""A file of contacts of any length: cut into steps, taken once each, every bad row told by its line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import views
from opulse.experience.directory.flow import importing
from opulse.experience.directory.flow.columns import start_mapped
from opulse.experience.directory.flow.importing import receive_file, take_file
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.directory.models import ContactImport, ImportState
from opulse.experience.directory.rules import TableUnreadable
from opulse.experience.directory.store import imports as store
from opulse.ports import Ports
from tests.unit.experience.directory.folk import Folk, settle

pytestmark = pytest.mark.stores
HEADING = "Email,FirstName,ExternalDataReference,site\n"


@pytest.fixture
async def folk(ports: Ports, clock: ManualClock) -> Folk:
    return await settle(ports, clock)


async def pieces(text: str | bytes, size: int = 700) -> AsyncIterator[bytes]:
    whole = text.encode() if isinstance(text, str) else text
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


async def receive(folk: Folk, text: str | bytes, list_id: str = "") -> ContactImport:
    where = Destination(folk.tenant, folk.directory, list_id, raise_events=False)
    return await receive_file(folk.ports, where, pieces(text), "test")


async def state_of(folk: Folk, one: ContactImport) -> ContactImport:
    found = await folk.ports.db.read(views.find_import, folk.tenant, one.id)
    assert found is not None
    return found


async def refused(folk: Folk, one: ContactImport) -> list[tuple[int, str]]:
    found = await folk.ports.db.read(views.list_refused, folk.tenant, one.id, 0, 1_000)
    return [(row.line, row.who) for row in found]


def lines(numbers: Iterable[int]) -> str:
    return "".join(f"p{number}@acme.example.org,P{number},ref{number},Berlin\n" for number in numbers)


async def test_a_file_is_taken_in_steps_and_every_row_is_counted(folk: Folk) -> None:
    before = await folk.ports.db.read(views.count_contacts, folk.tenant, folk.directory)
    one = await receive(folk, HEADING + lines(range(4_500)), folk.list_id)
    assert (one.state, one.steps, one.steps_done) == (ImportState.RUNNING, 3, 0)
    await take_file(folk.ports, folk.tenant, one.id)
    done = await state_of(folk, one)
    assert (done.state, done.steps_done, done.rows, done.created, done.refused) == (
        ImportState.DONE,
        3,
        4_500,
        4_500,
        0,
    )
    assert await folk.ports.db.read(views.count_contacts, folk.tenant, folk.directory) == before + 4_500
    [on_list] = await folk.ports.db.read(views.list_lists, folk.tenant, folk.directory)
    assert on_list.members == 4_500
    [found] = await folk.ports.db.read(views.list_contacts, folk.tenant, folk.directory, search="p4499@acme")
    assert (found.first_name, found.ext_ref, found.embedded) == ("P4499", "ref4499", {"site": "Berlin"})


async def test_each_bad_row_is_told_by_its_line_and_the_rest_are_taken(folk: Folk) -> None:
    text = HEADING + 'a@acme.example.org,"Two\nlines",,\nnot an address,X,,\n,,,\n,Nobody,,x\n'
    text += "b@acme.example.org,B\x00,,\nc@acme.example.org,C,,\n"
    one = await receive(folk, text.encode() + b"d@acme.example.org,\xff\xfe,,\n")
    await take_file(folk.ports, folk.tenant, one.id)
    done = await state_of(folk, one)
    assert (done.state, done.created, done.refused) == (ImportState.DONE, 2, 4)
    assert await refused(folk, one) == [
        (4, "not an address"),
        (6, "Nobody"),
        (7, "b@acme.example.org"),
        (9, "d@acme.example.org"),
    ]


async def test_known_people_are_updated_and_a_row_never_opts_in_again(folk: Folk) -> None:
    await take_file(folk.ports, folk.tenant, (await receive(folk, HEADING + lines(range(10)))).id)
    text = "ExternalDataReference,Email,LastName,Unsubscribed,site\n"
    text += "REF1,,Changed,yes,\nref2,p2@acme.example.org,,,Berlin\n,P3@ACME.example.org,,no,Lima\n"
    one = await receive(folk, text)
    await take_file(folk.ports, folk.tenant, one.id)
    done = await state_of(folk, one)
    assert (done.created, done.updated, done.unchanged) == (0, 2, 1)
    found = await folk.ports.db.read(views.list_contacts, folk.tenant, folk.directory, search="ref")
    by_ref = {contact.ext_ref.lower(): contact for contact in found}
    assert (by_ref["ref1"].last_name, by_ref["ref1"].unsubscribed) == ("Changed", True)
    assert (by_ref["ref1"].email, by_ref["ref1"].ext_ref) == ("p1@acme.example.org", "REF1")
    assert by_ref["ref3"].embedded == {"site": "Lima"}
    again = await receive(folk, "ExternalDataReference,Unsubscribed\nREF1,no\n")
    await take_file(folk.ports, folk.tenant, again.id)
    assert (await state_of(folk, again)).unchanged == 1


async def test_an_interrupted_file_goes_on_where_it_was(folk: Folk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await receive(folk, HEADING + lines(range(6_000)))
    real, calls = importing.take_rows_in, []

    def fails_once(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise ConnectionError("the process dies here")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "take_rows_in", fails_once)
    with pytest.raises(ConnectionError):
        await take_file(folk.ports, folk.tenant, one.id)
    between = await state_of(folk, one)
    assert (between.state, between.steps_done, between.created) == (ImportState.RUNNING, 1, 1_900)
    await take_file(folk.ports, folk.tenant, one.id)
    done = await state_of(folk, one)
    assert (done.state, done.steps_done, done.created, done.updated) == (ImportState.DONE, 4, 6_000, 0)
    await take_file(folk.ports, folk.tenant, one.id)
    assert await state_of(folk, one) == done, "a second run finds nothing to do"


async def test_an_upload_that_ends_early_leaves_nothing(folk: Folk) -> None:
    async def torn() -> AsyncIterator[bytes]:
        yield HEADING.encode()
        yield lines(range(20_000)).encode()
        raise ConnectionResetError

    before = await folk.ports.db.read(views.count_contacts, folk.tenant, folk.directory)
    where = Destination(folk.tenant, folk.directory, "", raise_events=False)
    with pytest.raises(ConnectionResetError):
        await receive_file(folk.ports, where, torn(), "test")
    [one] = await folk.ports.db.read(views.list_imports, folk.tenant, folk.directory, 10)
    assert one.state is ImportState.BROKEN
    assert await folk.ports.db.read(store.find_step, folk.tenant, one.id, 0) is None
    await take_file(folk.ports, folk.tenant, one.id)
    assert await folk.ports.db.read(views.count_contacts, folk.tenant, folk.directory) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "Paste a table"),
        (b"name,site\nx,y\n", "must name the columns"),
        (b"email\n", "no row"),
        (b"\xff\xfee\0m\0\n", "UTF-8"),
        (b"email," + b"x" * 70_000, "too long"),
    ],
)
async def test_what_is_no_table_is_refused_at_once(folk: Folk, text: bytes, words: str) -> None:
    with pytest.raises(TableUnreadable, match=words):
        await receive(folk, text)


async def test_a_search_finds_starts_of_all_four_keys_page_by_page(folk: Folk) -> None:
    text = "FirstName,LastName,Email,ExternalDataReference\n"
    text += "".join(f"Sam,Ng{number},n{number}@acme.example.org,z{number}\n" for number in range(2_300))
    await take_file(folk.ports, folk.tenant, (await receive(folk, text)).id)

    async def search(words: str, after: str = "") -> list[str]:
        found = await folk.ports.db.read(
            views.list_contacts, folk.tenant, folk.directory, search=words, after=after, limit=50
        )
        return [one.id for one in found]

    for words in ("sam", "NG", "n"):  # more than the index is asked for: a walk by id
        pages, after = [], ""
        while page := await search(words, after):
            pages += page
            after = page[-1]
        assert len(pages) == len(set(pages)) == 2_300
        assert pages == sorted(pages)
    assert len(await search("z229")) == 11, "few: by the index"
    assert len(await search("z2299")) == 1
    few = await search("ng222")
    assert await search("ng222", few[4]) == few[5:]
    assert await search("nobody") == []


async def test_a_file_that_nobody_maps_is_forgotten_after_a_day(folk: Folk, ports: Ports) -> None:
    where = Destination(folk.tenant, folk.directory, "", raise_events=False)

    async def file() -> AsyncIterator[bytes]:
        yield b"Mail\nann@example.org\n"

    waits = await receive_file(ports, where, file(), "test", ImportState.MAPPING)
    assert waits.state is ImportState.MAPPING
    folk.clock.advance(86_401)
    await receive_file(ports, where, file(), "test", ImportState.MAPPING)
    found = await ports.db.read(views.find_import, folk.tenant, waits.id)
    assert found is not None
    assert found.state is ImportState.BROKEN
    with pytest.raises(LookupError):
        await start_mapped(ports, where, waits.id, ["email"])
