"""Fields, asking hours, segments, samples, duplicates, shares, timeline, export and privacy in the console."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from opulse.experience.audiences.flow.segments import refresh_segment
from opulse.experience.directory import views
from opulse.experience.directory.flow.importing import take_file
from opulse.experience.directory.flow.lists import add_members, create_directory, create_list
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.models import ListKind, MailingList
from opulse.experience.privacy.flow.erasing import carry_out
from opulse.experience.privacy.views import list_erasures
from tests.edges.console import Console, open_console, text_of

__all__ = ["open_console"]


@pytest.fixture
async def folder(console: Console) -> str:
    """The id of a directory with three people."""
    made = await create_directory(console.ports, console.tenant, "Default directory", "test")
    rows = [
        {
            "email": f"{name}@acme.example",
            "first_name": name,
            "language": "de",
            "embedded_data": {"site": "Oslo"},
        }
        for name in ("ann", "ben", "cid")
    ]
    await import_contacts(console.ports, console.tenant, made.id, rows)
    return made.id


async def people(console: Console, folder: str) -> dict[str, str]:
    found = await console.ports.db.read(views.list_contacts, console.tenant, folder)
    return {one.first_name: one.id for one in found}


async def lists(console: Console, folder: str) -> Sequence[MailingList]:
    return await console.ports.db.read(views.list_lists, console.tenant, folder)


async def test_a_field_is_declared_renamed_and_its_faults_named(console: Console, folder: str) -> None:
    address = f"/directory/{folder}/fields"
    page = text_of((await console.viewer.get(address)).text)
    assert "site 3" in page
    made = await console.editor.post(address, data={"name": "site", "kind": "list", "scope": "contact"})
    assert made.status_code == 303
    bad = await console.editor.post(address, data={"name": "email", "kind": "text"})
    assert bad.status_code == 422
    assert "every contact has" in text_of(bad.text)
    changed = await console.editor.post(
        f"{address}/change", data={"field_name": "site", "action": "rename", "target": "place"}
    )
    assert changed.status_code == 303
    shown = text_of((await console.viewer.get(address)).text)
    assert "Renamed to place" in shown
    wrong = await console.editor.post(f"{address}/change", data={"field_name": "", "action": "remove"})
    assert wrong.status_code == 422
    gone = await console.editor.post(f"{address}/undeclare", data={"name": "place", "scope": "contact"})
    assert gone.status_code == 303


async def test_asking_hours_are_set_and_shown(console: Console, folder: str) -> None:
    address = f"/directory/{folder}/rules"
    hours = {
        "quiet_from": "22:00",
        "quiet_until": "7:30",
        "zone": "Europe/Berlin",
        "quiet_days": ["Sat", "Sun"],
        "shift_field": "shift",
    }
    assert (await console.editor.post(f"{address}/hours", data=hours)).status_code == 303
    page = text_of((await console.viewer.get(address)).text)
    assert "22:00–07:30" in page
    assert "Sat, Sun" in page
    for wrong, words in (
        ({"quiet_from": "late"}, "no time of day"),
        ({"quiet_until": ""}, "a beginning and an end"),
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"quiet_days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]}, "leave one day"),
    ):
        answer = await console.editor.post(f"{address}/hours", data=hours | wrong)
        assert answer.status_code == 422
        assert words in text_of(answer.text)


async def test_a_rule_for_a_survey_or_a_list_is_typed(console: Console, folder: str) -> None:
    made = await create_list(console.ports, console.tenant, folder, "Everybody", "test")
    rows = {
        "kind": ["max_in_period", "min_gap"],
        "limit": ["3", "1"],
        "period": ["7", "2"],
        "unit": ["86400", "3600"],
        "scope": [f"list:{made.id}", "survey"],
        "survey": ["", "SV_123456789012345"],
    }
    assert (await console.editor.post(f"/directory/{folder}/rules", data=rows)).status_code == 303
    page = text_of((await console.viewer.get(f"/directory/{folder}/rules")).text)
    assert "At most 3 within 7 days – for the list Everybody" in page
    assert "SV_123456789012345" in page
    wrong = await console.editor.post(f"/directory/{folder}/rules", data=rows | {"survey": ["", "mine"]})
    assert wrong.status_code == 422


async def test_a_segment_is_looked_at_then_made_and_a_sample_is_drawn(console: Console, folder: str) -> None:
    address = f"/directory/{folder}/segments/new"
    typed = {"name": "Germans", "rule": "language = de and firstName != cid"}
    seen = await console.editor.post(address, data=typed | {"do": "preview"})
    assert "The rule is true of 2 contacts now" in text_of(seen.text)
    bad = await console.editor.post(address, data=typed | {"rule": "language"})
    assert bad.status_code == 422
    assert "At character 9: expected" in text_of(bad.text)
    made = await console.editor.post(address, data=typed)
    place = made.headers["location"]
    segment = place.rpartition("/")[2]
    await refresh_segment(console.ports, console.tenant, segment)
    page = text_of((await console.editor.get(place)).text)
    assert "2 members" in page
    assert (await console.viewer.get(place)).status_code == 404, "who is on it may tell who has answered"
    assert (await console.editor.get(f"/directory/{folder}/segments/{segment}")).status_code == 200
    again = await console.editor.post(f"/directory/{folder}/segments/{segment}/refresh")
    assert again.status_code == 303
    drawn = await console.editor.post(
        f"/directory/{folder}/samples/new", data={"name": "One", "source": segment, "size": "1"}
    )
    assert "1 members" not in text_of((await console.editor.get(drawn.headers["location"])).text)
    kinds = {one.kind: one.members for one in await lists(console, folder)}
    assert kinds == {ListKind.SEGMENT: 2, ListKind.SAMPLE: 1}
    for wrong in ({"size": "many"}, {"source": "CG_none"}, {"name": ""}):
        given = {"name": "One", "source": segment, "size": "1"} | wrong
        answer = await console.editor.post(f"/directory/{folder}/samples/new", data=given)
        assert answer.status_code == 422


async def test_duplicates_are_shown_and_merged(console: Console, folder: str) -> None:
    address = f"/directory/{folder}/duplicates"
    assert "Nobody is there twice" in text_of((await console.viewer.get(address)).text)
    saved = await console.editor.post(f"{address}/rules", data={"rule-0": ["email", "language"]})
    assert saved.status_code == 303
    bad = await console.editor.post(f"{address}/rules", data={"rule-0": ["last_name"]})
    assert bad.status_code == 422
    await console.editor.post(f"{address}/rules", data={})
    rows = [{"email": "ann@acme.example", "last_name": "Lee"}]
    await import_contacts(console.ports, console.tenant, folder, rows)
    await console.editor.post(f"{address}/rules", data={"rule-0": ["email"]})
    page = (await console.editor.get(address)).text
    assert "The same e-mail address" in text_of(page)
    twice = [one for one in (await people(console, folder)).values() if f'value="{one}"' in page]
    everybody = await console.ports.db.read(views.list_contacts, console.tenant, folder)
    ids = [one.id for one in everybody if one.email == "ann@acme.example"]
    assert twice
    merged = await console.editor.post(f"{address}/merge", data={"contact": ids})
    shown = text_of((await console.viewer.get(merged.headers["location"])).text)
    assert "ann Lee" in shown
    gone = next(one for one in ids if one not in merged.headers["location"])
    assert (await console.viewer.get(f"/directory/{folder}/contacts/{gone}")).status_code == 200


async def test_a_list_of_one_person_is_nobody_elses(console: Console, folder: str) -> None:
    made = await console.editor.post(f"/directory/{folder}/lists", data={"name": "Mine", "private": "on"})
    place = made.headers["location"]
    assert (await console.editor.get(place)).status_code == 200
    assert (await console.viewer.get(place)).status_code == 404
    assert "Mine" not in text_of((await console.viewer.get(f"/directory/{folder}/lists")).text)
    [mine] = await lists(console, folder)
    assert mine.owner
    await add_members(console.ports, console.tenant, mine.id, [(await people(console, folder))["ann"]])
    contact = f"/directory/{folder}/contacts/{(await people(console, folder))['ann']}"
    assert "Mine" in text_of((await console.editor.get(contact)).text)
    assert "Mine" not in text_of((await console.viewer.get(contact)).text)
    shared = await console.editor.post(f"{place}/shares", data={"owner": ""})
    assert shared.status_code == 303
    assert (await console.viewer.get(place)).status_code == 200
    out = await console.editor.post(f"{contact}/opt-out", data={"mailing_list": mine.id, "out": "yes"})
    assert out.status_code == 303
    assert "Opted out of Mine" in text_of((await console.viewer.get(contact)).text)
    assert (await console.editor.post(f"{place}/delete")).status_code == 303
    assert await lists(console, folder) == []


async def test_the_timeline_says_what_happened_and_why_not_now(console: Console, folder: str) -> None:
    contact = f"/directory/{folder}/contacts/{(await people(console, folder))['ann']}"
    page = text_of((await console.editor.get(f"{contact}/timeline")).text)
    assert "Added to the directory" in page
    assert "May they be asked now?" in page
    await console.editor.post(f"{contact}/opt-out", data={"out": "yes"})
    page = text_of((await console.editor.get(f"{contact}/timeline")).text)
    assert "Not by waiting" in page
    assert "Opted out – the directory" in page
    assert (await console.viewer.get(f"{contact}/timeline")).status_code == 403
    assert (await console.editor.get(f"{contact}/timeline?before=x")).status_code == 404


async def test_contacts_are_exported_as_an_import_takes_them(console: Console, folder: str) -> None:
    rows = [
        {
            "email": "dov@acme.example",
            "first_name": "=1+1",
            "phone": "+47 (0) 1",
            "embedded_data": {"n": [1, 2]},
        }
    ]
    await import_contacts(console.ports, console.tenant, folder, rows)
    table = (await console.editor.get(f"/directory/{folder}/export.csv")).text.splitlines()
    assert (
        table[0]
        == "FirstName,LastName,Email,ExternalDataReference,Phone,Language,TimeZone,Unsubscribed,n,site"
    )
    assert "'=1+1,,dov@acme.example,,+47 (0) 1,,,false,1; 2," in table
    lines = (await console.editor.get(f"/directory/{folder}/export.ndjson")).text.splitlines()
    assert {json.loads(line)["first_name"] for line in lines} == {"ann", "ben", "cid", "=1+1"}
    made = await create_list(console.ports, console.tenant, folder, "Few", "test")
    await add_members(console.ports, console.tenant, made.id, [(await people(console, folder))["ann"]])
    few = (
        await console.editor.get(f"/directory/{folder}/export.csv?mailing_list={made.id}")
    ).text.splitlines()
    assert len(few) == 2
    assert (await console.viewer.get(f"/directory/{folder}/export.csv")).status_code == 403


async def test_a_file_is_mapped_column_by_column(console: Console, folder: str) -> None:
    made = await create_list(console.ports, console.tenant, folder, "Visitors", "test")
    table = "Mail;Who;Desk;Badge\ndov@acme.example;Dov;D1;7\nnobody;Eve;D2;8\n"
    sent = await console.editor.post(f"/directory/{folder}/import", data={"table": table, "do": "columns"})
    place = sent.headers["location"]
    page = text_of((await console.editor.get(place)).text)
    assert "dov@acme.example, nobody" in page
    assert "The same external reference" in page
    columns = {
        "to": ["email", "first_name", "data", "list"],
        "name": ["Mail", "Who", "desk", "badge"],
        "list": made.id,
    }
    twice = await console.editor.post(place, data=columns | {"to": ["email", "email", "data", "list"]})
    assert twice.status_code == 422
    without = await console.editor.post(place, data=columns | {"list": ""})
    assert "needs a list" in text_of(without.text)
    started = await console.editor.post(place, data=columns)
    progress = started.headers["location"]
    await take_file(console.ports, console.tenant, progress.rpartition("/")[2])
    found = await console.ports.db.read(views.list_contacts, console.tenant, folder, search="dov@")
    assert [(one.first_name, dict(one.embedded)) for one in found] == [("Dov", {"desk": "D1"})]
    private = await console.ports.db.read(views.list_private, console.tenant, made.id, [found[0].id])
    assert private == {found[0].id: {"badge": "7"}}
    refused = (await console.editor.get(f"{progress}/refused.csv")).text.splitlines()
    assert refused[0] == "Mail,Who,Desk,Badge,Line,Reason"
    assert refused[1].startswith("nobody,Eve,D2,8,3,")
    assert (await console.editor.get(place)).headers["location"] == progress, "it is under way"


async def test_people_are_forgotten_and_terms_set_by_administrators(console: Console, folder: str) -> None:
    admin = console.admin
    assert (await console.editor.get("/admin/privacy")).status_code == 403
    looked = await admin.post("/admin/privacy/erasures", data={"keys": "ann@acme.example\nwho@x.example"})
    assert "Contacts 1" in text_of(looked.text)
    assert "Nobody was found under: who@x.example" in text_of(looked.text)
    done = await admin.post("/admin/privacy/erasures", data={"keys": "ann@acme.example", "do": "erase"})
    assert done.status_code == 303
    [one] = await console.ports.db.read(list_erasures, console.tenant)
    await carry_out(console.ports, console.tenant, one.id)
    assert "1 contacts" in text_of((await admin.get("/admin/privacy")).text)
    assert "ann" not in await people(console, folder)
    days = {"answer_link": "30", "comments": "0", "mail_log": "90", "changes": "90", "refused_rows": "30"}
    assert (await admin.post("/admin/privacy/retention", data=days)).status_code == 303
    wrong = await admin.post("/admin/privacy/retention", data=days | {"comments": "soon"})
    assert wrong.status_code == 422
