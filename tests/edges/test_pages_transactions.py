"""Transactions in the console and over the API: read, narrowed to a person, a list or a batch, paged and deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opulse.experience.directory import views
from opulse.experience.directory.flow.lists import add_members, create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.flow.transactions import TransactionRow, add_transactions
from tests.edges.console import Console, open_console, text_of

__all__ = ["open_console"]


@pytest.fixture
async def folder(console: Console) -> str:
    """The id of a directory with two people."""
    made = await create_directory(console.ports, console.tenant, "Default directory", "test")
    rows = [{"email": f"{name}@acme.example", "first_name": name} for name in ("ann", "ben")]
    await import_contacts(console.ports, console.tenant, made.id, rows)
    return made.id


async def people(console: Console, folder: str) -> dict[str, str]:
    found = await console.ports.db.read(views.list_contacts, console.tenant, folder)
    return {one.first_name: one.id for one in found}


async def add(console: Console, folder: str, contact: str, **data: object) -> str:
    """One transaction in a batch of its own, a minute after the one before; returns the batch."""
    now = console.ports.clock.now()
    taken = await add_transactions(
        console.ports, console.tenant, folder, [TransactionRow(contact, now, data)], "test"
    )
    return taken.batch


async def test_transactions_are_read_by_person_and_by_batch(console: Console, folder: str) -> None:
    address = f"/directory/{folder}/transactions"
    assert "No transaction yet" in text_of((await console.viewer.get(address)).text)
    who = await people(console, folder)
    await add(console, folder, who["ann"], ticket="INC-1", tags=["vpn", "slow"])
    second = await add(console, folder, who["ben"], ticket="INC-2")
    whole = text_of((await console.viewer.get(address)).text)
    assert "ticket: INC-1" in whole
    assert "tags: vpn; slow" in whole
    assert "INC-2" in whole
    hers = text_of((await console.viewer.get(f"{address}?contact={who['ann']}")).text)
    assert "what happened to ann" in hers
    assert "INC-1" in hers
    assert "INC-2" not in hers
    batch = text_of((await console.viewer.get(f"{address}?batch={second}")).text)
    assert "INC-2" in batch
    assert "INC-1" not in batch
    assert "No transaction" in text_of((await console.viewer.get(f"{address}?batch=BT_none")).text)
    assert (await console.viewer.get(f"{address}?contact=CID_none")).status_code == 404
    assert (await console.viewer.get(f"{address}?before=yesterday")).status_code == 200
    contact = text_of((await console.viewer.get(f"/directory/{folder}/contacts/{who['ann']}")).text)
    assert "ticket INC-1" in contact
    assert "INC-2" not in contact


async def test_a_list_narrows_only_for_who_may_see_it(console: Console, folder: str) -> None:
    who = await people(console, folder)
    await add(console, folder, who["ann"], ticket="INC-1")
    await add(console, folder, who["ben"], ticket="INC-2")
    open_one = await create_list(console.ports, console.tenant, folder, "Open", "test")
    hidden = await create_list(console.ports, console.tenant, folder, "Hidden", "test", owner="UR_else")
    for one in (open_one, hidden):
        await add_members(console.ports, console.tenant, one.id, [who["ben"]])
    address = f"/directory/{folder}/transactions"
    page = text_of((await console.viewer.get(f"{address}?mailing_list={open_one.id}")).text)
    assert "INC-2" in page
    assert "INC-1" not in page
    assert "Hidden" not in page
    assert (await console.viewer.get(f"{address}?mailing_list={hidden.id}")).status_code == 404
    allowed = text_of((await console.admin.get(f"{address}?mailing_list={hidden.id}")).text)
    assert "INC-2" in allowed


async def test_pages_and_batches_go_on_where_they_stopped(console: Console, folder: str) -> None:
    who = await people(console, folder)
    now = console.ports.clock.now()
    rows = [
        TransactionRow(who["ann"], now - timedelta(minutes=number), {"n": number}) for number in range(60)
    ]
    await add_transactions(console.ports, console.tenant, folder, rows, "test")
    for number in range(51):
        await add(console, folder, who["ben"], number=number)
    address = f"/directory/{folder}/transactions"
    seen: list[str] = []
    following = address
    while following:
        html = (await console.viewer.get(following)).text
        seen += [part[:19] for part in html.split("<code>CTR_")[1:]]
        following = next_of(html)
    assert len(seen) == len(set(seen)) == 111
    html = (await console.viewer.get(f"{address}/batches")).text
    assert html.count("<code>BT_") == 50
    rest = (await console.viewer.get(next_of(html))).text
    assert rest.count("<code>BT_") == 2
    assert "60" in text_of(html) + text_of(rest)


def next_of(html: str) -> str:
    """The address of the following page; empty on the last."""
    before = html.partition('rel="next"')[0]
    if before == html:
        return ""
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


async def test_an_editor_deletes_one(console: Console, folder: str) -> None:
    who = await people(console, folder)
    await add(console, folder, who["ann"], ticket="INC-1")
    one = (await console.ports.db.read(views.list_transactions, console.tenant, folder))[0]
    address = f"/directory/{folder}/transactions"
    assert (await console.viewer.post(f"{address}/{one.id}/delete")).status_code == 403
    assert (await console.editor.post(f"{address}/{one.id}/delete")).headers["location"] == address
    assert (await console.editor.post(f"{address}/{one.id}/delete")).status_code == 404
    assert "No transaction yet" in text_of((await console.viewer.get(address)).text)
