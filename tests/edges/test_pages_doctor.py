"""The page *Check the set-up*, as an administrator sees it; nobody else does."""

from __future__ import annotations

from tests.edges.console import Console, text_of


async def test_an_administrator_reads_what_to_mend_and_nobody_else_does(console: Console) -> None:
    answer = await console.admin.get("/admin/doctor")
    assert answer.status_code == 200
    words = text_of(answer.text)
    assert "Mail goes to 0 entries of the allow list and to nobody else." in words
    assert "Open mail on Tenant Information" in words
    for other in (console.editor, console.viewer):
        assert (await other.get("/admin/doctor")).status_code == 403


async def test_a_button_of_a_finding_that_is_gone_changes_nothing(console: Console) -> None:
    sent = {"action": "switch_on", "target": "WF_none"}
    answer = await console.admin.post("/admin/doctor/mend", data=sent)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/doctor")


async def test_what_is_found_about_an_object_is_on_its_page(console: Console) -> None:
    words = text_of((await console.admin.get("/admin/tenant")).text)
    assert "What does not fit together" in words
    assert "Mail goes to 0 entries of the allow list and to nobody else." in words
    assert "What does not fit together" not in text_of((await console.admin.get("/surveys")).text)


async def test_a_button_leads_back_to_the_page_on_which_it_was_pressed_and_nowhere_else(
    console: Console,
) -> None:
    sent = {"action": "switch_on", "target": "WF_none"}
    for back, leads in (("/workflows/WF_1", "/workflows/WF_1"), ("https://evil.example/", "/admin/doctor")):
        answer = await console.admin.post("/admin/doctor/mend", data={**sent, "back": back})
        assert answer.headers["location"] == leads
