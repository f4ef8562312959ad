"""The demo as a newcomer meets it: sign in, start an incident, read a mail, answer, stop, start again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from opulse.emulators.people.page import read_forms
from tests.journeys.demo_process import DemoProcess, run_opulse

T = TypeVar("T")


def wait_for(ask: Callable[[], T | None], seconds: float = 90) -> T:
    until = time.monotonic() + seconds
    while (found := ask()) is None:
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    process = DemoProcess(tmp_path_factory.mktemp("demo") / "data", "--port", "0", "--systems", "200")
    yield process
    process.stop()


@pytest.fixture
def browser(demo: DemoProcess) -> Iterator[httpx2.Client]:
    client = demo.signed_in()
    yield client
    client.close()


def test_the_guides_objects_are_there_and_the_machine_is_one_of_the_systems(demo: DemoProcess) -> None:
    with demo.api() as api:
        (recipient,) = api.get("/api/v1/recipients").json()["recipients"]
        assert recipient["connection"] == "Webhook"
        assert [(header["name"], header["value"]) for header in recipient["headers"]] == [
            ("X-API-TOKEN", None)
        ]
        assert len(api.get("/api/v1/notifications").json()["notifications"]) == 2
        assert len(api.get("/api/v1/surveys").json()["surveys"]) == 2
        workflows = api.get("/api/v1/workflows").json()
        assert sorted(one["document"]["trigger"]["type"] for one in workflows) == [
            "experience_id_change",
            "experience_id_change",
            "json_event",
        ]
        machine = demo.state["objects"]["machine"]
        assert api.get(f"/api/v1/systems/{machine}").json()["site"] == "Here"
        assert api.get("/api/v1/systems", params={"limit": 1}).json()["total"] == 201

        def heard() -> bool | None:
            # the agent's first words raise the count of those that report above the simulated ones
            answer = api.post(
                "/api/v1/notifications/preview",
                json={
                    "name": "x",
                    "sensors": [{"name": "Total CPU Usage"}],
                    "group_id": all_systems(api),
                    "activation": {"option": "any"},
                },
            )
            return True if answer.json()["of"] == 201 else None

        wait_for(heard)


def all_systems(api: httpx2.Client) -> str:
    groups = api.get("/api/v1/groups").json()["groups"]
    return next(str(group["group_id"]) for group in groups if group["kind"] == "all")


def test_an_incident_from_another_terminal_leads_to_mails_and_answers(
    demo: DemoProcess, browser: httpx2.Client
) -> None:
    done = run_opulse("demo", "incident", "--data", str(demo.data), "--which", "1", "--number", "40")
    assert done.returncode == 0, done.stderr
    assert "40 systems are being hit" in done.stdout
    found = re.search(r"/activations/([0-9a-f-]{36})/journey", done.stdout)
    assert found is not None
    activation = found.group(1)
    assert browser.get(f"/activations/{activation}/journey").status_code == 200

    again = run_opulse("demo", "incident", "--data", str(demo.data), "--which", "1")
    assert (again.returncode, again.stdout) == (1, "")
    assert "is under way already" in again.stderr

    with demo.api() as api:

        def totals() -> dict[str, Any]:
            impact: dict[str, Any] = api.get(f"/api/v1/activations/{activation}/impact").json()["totals"]
            return impact

        wait_for(lambda: True if totals()["answered"] >= 3 else None)
        assert totals()["quarantined"] == 0
        before = totals()["answered"]

        link = wait_for(lambda: find_link(browser))
        answer_as_you(link)
        wait_for(lambda: True if totals()["answered"] > before else None)


def find_link(browser: httpx2.Client) -> str | None:
    """The survey of your own mail, by way of the inbox page."""
    inbox = browser.get("/demo/inbox", params={"search": "you@"})
    assert inbox.status_code == 200
    numbers = re.findall(r'href="/demo/inbox/(\d+)"', inbox.text)
    if not numbers:
        return None
    mail = browser.get(f"/demo/inbox/{numbers[0]}")
    assert 'sandbox="allow-popups' in mail.text
    shown = browser.get(f"/demo/inbox/{numbers[0]}/html")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert '<base target="_blank">' in shown.text
    found = re.search(r'href="(http[^"]+/s/[^"]+)"', mail.text)
    return found.group(1) if found else None


def answer_as_you(link: str) -> None:
    with httpx2.Client(trust_env=False, headers={"Accept": "text/html"}) as client:
        form = read_forms(client.get(link).text)[0]
        fields: dict[str, list[str]] = {}
        choices = [(name, values[0]) for name, values in form.radios.items()]
        for name, value in (*form.values, *choices, *form.buttons[:1]):
            fields.setdefault(name, []).append(value)
        time.sleep(4)  # people read; what comes sooner looks like a mail scanner's press
        answer = client.post(link.partition("?")[0], data=fields)
        assert (answer.status_code, "sent=1" in answer.headers["location"]) == (303, True)


def test_a_second_kind_of_incident_starts_with_the_button(browser: httpx2.Client) -> None:
    page = browser.get("/demo/incidents")
    assert "Slow network in the Hamburg office" in page.text
    answer = browser.post("/demo/incidents", data={"which": "2", "number": "12"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/activations")
    refused = browser.post("/demo/incidents", data={"which": "9"})
    assert (refused.status_code, refused.headers["location"]) == (303, "/demo/incidents")


def test_the_demos_pages_ask_who_calls(demo: DemoProcess, browser: httpx2.Client) -> None:
    for path in ("/demo/inbox", "/demo/inbox/1", "/demo/inbox/1/html", "/demo/incidents"):
        assert httpx2.get(f"{demo.address}{path}").status_code == 401
    assert httpx2.post(f"{demo.address}/demo/incidents", data={"which": "1"}).status_code == 401
    assert httpx2.post(f"{demo.address}/api/v1/demo/incidents", json={}).status_code == 401
    assert browser.get("/demo/inbox/999999").status_code == 404
    with demo.api() as machine:
        assert machine.get("/demo/inbox").status_code == 403


def test_a_second_process_on_the_folder_is_refused(demo: DemoProcess) -> None:
    done = run_opulse("demo", "--data", str(demo.data), "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("opulse demo: a demo runs on")


def test_a_second_start_finds_everything_again_also_on_another_port(tmp_path: Path) -> None:
    first = DemoProcess(tmp_path / "data", "--port", "0", "--systems", "60")
    made = first.state["objects"]
    assert first.stop() == 0
    second = DemoProcess(tmp_path / "data", "--port", "0", "--systems", "60")
    try:
        assert (second.password, second.state["objects"]) == (first.password, made)
        second.signed_in().close()
        done = run_opulse("demo", "incident", "--data", str(tmp_path / "data"), "--number", "30")
        activation = re.search(r"/activations/([0-9a-f-]{36})", done.stdout)
        assert activation is not None, done.stderr

        def accepted() -> bool | None:
            with second.api() as api:
                impact = api.get(f"/api/v1/activations/{activation.group(1)}/impact").json()
                return True if impact["totals"]["accepted"] else None

        wait_for(accepted)  # the webhook and the affected-systems API were found at the new address
    finally:
        assert second.stop() == 0


def test_no_demo_no_incident(tmp_path: Path) -> None:
    done = run_opulse("demo", "incident", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "run `opulse demo` first" in done.stderr
