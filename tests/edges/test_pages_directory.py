"""The directory in the console: contacts found, added, edited, opted out; lists; rules; import of tables."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from opulse.experience.directory import Contact, RuleKind, set_watched_in, views
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.models import IncomingContact
from opulse.experience.directory.rules import TableUnreadable, read_table
from tests.edges.console import Console, open_console, text_of


@pytest.fixture
async def folder(console: Console) -> str:
    """The id of a directory."""
    return (await create_directory(console.ports, console.tenant, "Default directory", "test")).id


async def _contacts(console: Console, folder: str) -> Sequence[Contact]:
    return await console.ports.db.read(views.list_contacts, console.tenant, folder)


async def _add(console: Console, folder: str, *emails: str) -> dict[str, str]:
    """Address → contact id."""
    rows = [{"email": email, "last_name": email.partition("@")[0]} for email in emails]
    await import_contacts(console.ports, console.tenant, folder, rows)
    return {one.email: one.id for one in await _contacts(console, folder)}


def test_a_table_is_read_whatever_separates_it() -> None:
    for mark in (",", ";", "\t"):
        text = f"\ufeffE-mail{mark}First Name{mark}site{mark}Unsubscribed\r\n"
        text += f'maya@acme.example{mark}"Maya{mark} R."{mark}Berlin{mark}yes\r\n\r\n{mark}{mark}{mark}\r\n'
        table = read_table(text)
        assert table.embedded == ("site",)
        assert table.lines == (2,)
        assert table.rows == (
            IncomingContact(
                f"Maya{mark} R.", "", "maya@acme.example", "", "", "", "", True, {"site": "Berlin"}
            ),
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a table"),
        ("name,site\na,b", "must name the columns"),
        ("email,Email\na,b", "same name"),
        ("email", "no row"),
        ("email\n" + "a@b.example\n" * 10_001, "At most 10,000 rows"),
    ],
)
def test_a_text_that_is_no_table_of_contacts_says_why(text: str, words: str) -> None:
    with pytest.raises(TableUnreadable, match=words):
        read_table(text)


async def test_the_first_directory_is_made_by_a_form(console: Console) -> None:
    assert "No directory yet" in text_of((await console.editor.get("/directory")).text)
    assert (await console.editor.post("/directory", data={"name": " "})).status_code == 422
    made = await console.editor.post("/directory", data={"name": "Everybody"})
    page = text_of((await console.viewer.get("/directory")).text)
    assert made.headers["location"].startswith("/directory/POOL_")
    assert "Everybody Default POOL_" in page


async def test_contacts_are_found_and_read_page_by_page(console: Console, folder: str) -> None:
    await _add(console, folder, *(f"p{number:02}@acme.example" for number in range(60)))
    first = await console.viewer.get(f"/directory/{folder}")
    assert first.text.count("/contacts/CID_") == 50
    assert "60 contacts in this directory" in text_of(first.text)
    last = (await _contacts(console, folder))[49].id
    second = await console.viewer.get(f"/directory/{folder}?after={last}")
    assert second.text.count("/contacts/CID_") == 10
    found = await console.viewer.get(f"/directory/{folder}?search=P07")
    assert found.text.count("/contacts/CID_") == 1
    assert "Nobody found" in text_of((await console.viewer.get(f"/directory/{folder}?search=zz")).text)


async def test_a_contact_is_added_read_and_edited(console: Console, folder: str) -> None:
    rows = {"embedded.name": ["site", "shift"], "embedded.value": ["Berlin", "early"]}
    typed = {
        "first_name": "ليلى",
        "last_name": "حداد",
        "email": "layla@acme.example",
        "language": "ar",
        **rows,
    }
    more = await console.editor.post(f"/directory/{folder}/contacts/new", data={**typed, "do": "rows"})
    assert more.text.count('name="embedded.name"') == 5
    assert await _contacts(console, folder) == []
    added = await console.editor.post(f"/directory/{folder}/contacts/new", data=typed)
    address = added.headers["location"]
    page = text_of((await console.viewer.get(address)).text)
    assert "ليلى حداد" in page
    assert "site Berlin" in page
    await console.ports.db.write(set_watched_in, console.tenant, folder, "WF_1", ["site", "lastAlarm"])
    edited = {**typed, "embedded.name": ["site", "lastAlarm"], "embedded.value": ["Pune", "A"], "phone": "1"}
    await console.editor.post(f"{address}/edit", data=edited)
    stored = (await _contacts(console, folder))[0]
    assert (stored.phone, stored.embedded) == ("1", {"site": "Pune", "shift": "", "lastAlarm": "A"})
    page = text_of((await console.viewer.get(address)).text)
    assert "site: Pune" in page, "the change that workflows saw"


async def test_a_list_stays_a_list_when_it_is_edited_as_text(console: Console, folder: str) -> None:
    row = {"email": "maya@acme.example", "embedded_data": {"lastAlarm": ["A", "B"], "visits": 3}}
    await import_contacts(console.ports, console.tenant, folder, [row])
    one = (await _contacts(console, folder))[0]
    address = f"/directory/{folder}/contacts/{one.id}/edit"
    assert 'value="A; B"' in (await console.editor.get(address)).text
    typed = {"email": one.email, "embedded.name": ["lastAlarm", "visits"], "embedded.value": ["A; C", "3"]}
    await console.editor.post(address, data=typed)
    assert (await _contacts(console, folder))[0].embedded == {"lastAlarm": ["A", "C"], "visits": 3}


async def test_an_address_that_is_none_is_named_and_kept_as_typed(console: Console, folder: str) -> None:
    for path in (
        "contacts/new",
        f"contacts/{(await _add(console, folder, 'a@acme.example'))['a@acme.example']}/edit",
    ):
        refused = await console.editor.post(f"/directory/{folder}/{path}", data={"email": "maya"})
        assert refused.status_code == 422
        assert 'href="#email"' in refused.text
        assert 'value="maya"' in refused.text


async def test_somebody_is_opted_out_in_again_and_deleted(console: Console, folder: str) -> None:
    number = (await _add(console, folder, "maya@acme.example"))["maya@acme.example"]
    address = f"/directory/{folder}/contacts/{number}"
    await console.editor.post(f"{address}/opt-out", data={"out": "yes"})
    assert (await _contacts(console, folder))[0].unsubscribed
    assert "Opted out" in text_of((await console.viewer.get(address)).text)
    await console.editor.post(f"{address}/opt-out")
    assert not (await _contacts(console, folder))[0].unsubscribed
    done = await console.editor.post(f"{address}/opt-out", data={"out": "yes", "everywhere": "yes"})
    assert done.headers["location"].startswith(address)
    assert not (await _contacts(console, folder))[0].unsubscribed, "of everything is not of the directory"
    page = text_of((await console.viewer.get(address)).text)
    assert "Opted out of everything Nov" in page or "Opted out of everything 2" in page
    assert "Opted out of everything by editor" in page
    why = text_of((await console.editor.get(f"{address}/timeline")).text)
    assert "Opted out – everything" in why
    assert "Opted out of everything no" in why
    await console.editor.post("/distributions/suppressions/add", data={"email": "maya@acme.example"})
    why = text_of((await console.editor.get(f"{address}/timeline")).text)
    assert (
        "The address is suppressed This person reported a mail of ours as spam, or asked for no more, since"
        in why
    )
    await console.editor.post(f"{address}/opt-out", data={"everywhere": "yes"})
    assert "Opted out of everything No" in text_of((await console.viewer.get(address)).text)
    await console.editor.post(f"{address}/delete")
    assert (await console.editor.get(address)).status_code == 404


async def test_a_list_is_made_filled_by_keys_and_emptied(console: Console, folder: str) -> None:
    people = await _add(console, folder, "maya@acme.example", "arjun@acme.example")
    assert (await console.editor.post(f"/directory/{folder}/lists", data={"name": ""})).status_code == 422
    made = await console.editor.post(f"/directory/{folder}/lists", data={"name": "Participants"})
    address = made.headers["location"]
    keys = f"MAYA@acme.example\n{people['arjun@acme.example']}, nobody@acme.example"
    partly = await console.editor.post(f"{address}/members", data={"keys": keys})
    assert "2 were added. Not in this directory: nobody@acme.example." in text_of(partly.text)
    assert "2 members" in text_of((await console.viewer.get(address)).text)
    await console.editor.post(f"{address}/members/{people['maya@acme.example']}/remove")
    page = (await console.viewer.get(address)).text
    assert "arjun@acme.example" in page
    assert "maya@acme.example" not in page
    assert "Participants" in text_of((await console.viewer.get(f"/directory/{folder}/lists")).text)


async def test_rules_are_replaced_or_their_fault_is_named(console: Console, folder: str) -> None:
    page = await console.editor.get(f"/directory/{folder}/rules")
    assert page.text.count('name="kind"') == 6, "the four of the default and two blank rows"
    rows = {
        "kind": ["max_in_period", "min_gap", "one_per_activation", ""],
        "limit": ["2", "1", "1", "1"],
        "period": ["7", "36", "1", "1"],
        "unit": ["86400", "3600", "86400", "86400"],
    }
    wrong = await console.editor.post(
        f"/directory/{folder}/rules", data={**rows, "limit": ["0", "1", "1", "1"]}
    )
    assert wrong.status_code == 422
    assert 'href="#row-0"' in wrong.text
    await console.editor.post(f"/directory/{folder}/rules", data=rows)
    stored = await console.ports.db.read(views.list_rules, console.tenant, folder)
    assert {(one.kind, one.period_seconds) for one in stored} == {
        (RuleKind.MAX_IN_PERIOD, 7 * 86_400),
        (RuleKind.MIN_GAP, 36 * 3_600),
        (RuleKind.ONE_PER_ACTIVATION, 0),
    }
    assert "At most 2 within 7 days" in text_of((await console.viewer.get(f"/directory/{folder}/rules")).text)


async def test_an_import_takes_what_it_can_and_names_the_rest_by_line(console: Console, folder: str) -> None:
    list_id = (await create_list(console.ports, console.tenant, folder, "Participants", "test")).id
    table = "Email;FirstName;site\nmaya@acme.example;Maya;Berlin\nnot an address;X;\n;Nobody;\n"
    answer = await console.editor.post(
        f"/directory/{folder}/import", files={"file": ("people.csv", table.encode())}, data={"list": list_id}
    )
    words = text_of(answer.text)
    assert "Added 1" in words
    assert "Refused 2" in words
    assert "3 not an address" in words
    assert "a contact needs an e-mail address or an external reference" in words
    assert (await console.ports.db.read(views.list_lists, console.tenant, folder))[0].members == 1
    pasted = await console.editor.post(f"/directory/{folder}/import", data={"table": table})
    assert "Unchanged 1" in text_of(pasted.text)
    refused = await console.editor.post(f"/directory/{folder}/import", data={"table": "a,b\n1,2"})
    assert refused.status_code == 422
    assert 'href="#table"' in refused.text


async def test_a_viewer_reads_and_changes_nothing(console: Console, folder: str) -> None:
    number = (await _add(console, folder, "maya@acme.example"))["maya@acme.example"]
    list_id = (await create_list(console.ports, console.tenant, folder, "Participants", "test")).id
    base = f"/directory/{folder}"
    for path in ("", f"/contacts/{number}", "/lists", f"/lists/{list_id}", "/rules"):
        page = await console.viewer.get(base + path)
        assert page.status_code == 200
        assert page.text.count('method="post"') == 1, "signing out is all that a viewer can send"
    closed = [
        await console.viewer.get(base + path)
        for path in ("/contacts/new", "/import", f"/contacts/{number}/edit")
    ]
    changing = (
        "/contacts/new",
        f"/contacts/{number}/edit",
        f"/contacts/{number}/delete",
        f"/contacts/{number}/opt-out",
    )
    changing += (
        "/lists",
        f"/lists/{list_id}/members",
        f"/lists/{list_id}/members/{number}/remove",
        "/rules",
        "/import",
    )
    closed += [await console.viewer.post(base + path) for path in changing]
    closed.append(await console.viewer.post("/directory", data={"name": "x"}))
    assert [answer.status_code for answer in closed] == [403] * len(closed)


async def test_another_tenants_directory_is_not_found(console: Console, folder: str) -> None:
    number = (await _add(console, folder, "maya@acme.example"))["maya@acme.example"]
    list_id = (await create_list(console.ports, console.tenant, folder, "Participants", "test")).id
    base = f"/directory/{folder}"
    async with open_console(console.ports, "Umbrella", "umbrella.example") as other:
        own = (await create_directory(console.ports, other.tenant, "Own", "test")).id
        gets = (
            "",
            f"/contacts/{number}",
            f"/contacts/{number}/edit",
            "/lists",
            f"/lists/{list_id}",
            "/rules",
            "/import",
        )
        answers = [await other.admin.get(base + path) for path in gets]
        answers += [
            await other.admin.get(f"/directory/{own}/{path}")
            for path in (f"contacts/{number}", f"lists/{list_id}")
        ]
        posts = (
            "/contacts/new",
            f"/contacts/{number}/edit",
            f"/contacts/{number}/delete",
            f"/contacts/{number}/opt-out",
        )
        posts += (
            "/lists",
            f"/lists/{list_id}/members",
            f"/lists/{list_id}/members/{number}/remove",
            "/rules",
            "/import",
        )
        form = {"name": "x", "keys": "a", "email": "a@acme.example", "table": "email\na@b.example"}
        answers += [await other.admin.post(base + path, data=form) for path in posts]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert len(await _contacts(console, folder)) == 1
