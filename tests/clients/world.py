"""What the clients find: an installation whose administrator has an API token and an OAuth client, and a survey that was sent.

Tokens are made by the console's own flow before the server starts; everything else is asked of the API itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.servers.opulse import OpulseProcess

EMAIL = "ada.admin@example.org"
PEOPLE = 110
"""More than one page of a hundred."""
ANSWERS = 12
"""So many that nobody can be guessed: the survey promises confidence, and fewer are given to no program."""
PATIENCE_SECONDS = 60.0
CHOICE, TEXT = "How did it go?", "What happened?"


async def set_up(data: Path) -> dict[str, str]:
    """A new installation in ``data``, mail open; the secrets that programs sign in with."""
    from opulse.bootstrap import setup
    from opulse.bootstrap.ports import close_ports, open_ports
    from opulse.experience.directory.flow.lists import create_directory
    from opulse.settings import load_settings
    from opulse.tenancy import list_tenants
    from opulse.tenancy.flow.access_tokens import create_client, make_person_token
    from opulse.tenancy.flow.tenants import change_tenant
    from opulse.tenancy.views import list_people

    wanted = setup.Wanted(
        data, "Main", EMAIL, "Ada Admin", "http://localhost", "", 0, "none", "", None, "", "", False
    )
    await setup.set_up(wanted)
    (data / "opulse.env").unlink()  # the options of the process say all
    ports = await open_ports(load_settings(data), "http://localhost")
    try:
        (tenant,) = await ports.db.read(list_tenants)
        await change_tenant(ports, tenant.id, "test", mail_open=True)
        await create_directory(ports, tenant.id, "People", "test")
        (person,) = await ports.db.read(list_people, tenant.id)
        client, secret = await create_client(
            ports, tenant.id, "qualtrics-helper", person.id, ["manage:all"], "test"
        )
        token = await make_person_token(ports, tenant.id, person.id, "test")
    finally:
        await close_ports(ports)
    return {"token": token, "oauth_client": client.id, "oauth_secret": secret}


class World:
    """Asks the running server for one thing after the other. ``found`` is what scripts read."""

    def __init__(self, process: OpulseProcess, secrets: dict[str, str]) -> None:
        self.found: dict[str, Any] = dict(secrets)
        self._client = httpx2.Client(
            base_url=process.url,
            headers={"X-API-TOKEN": secrets["token"]},
            timeout=30,
            trust_env=False,
        )

    def make(self) -> dict[str, Any]:
        with self._client:
            self._look_around()
            self._make_survey()
            self._make_people()
            self._send()
            self._answer()
        return self.found

    def _look_around(self) -> None:
        self.found["user"] = self.ask("GET", "/whoami")["userId"]
        self.found["library"] = self.ask("GET", "/libraries")["elements"][0]["libraryId"]
        self.found["directory"] = self.ask("GET", "/directories")["elements"][0]["directoryId"]
        self.found["group"] = next((one["id"] for one in self.ask("GET", "/groups")["elements"]), "")
        self.found["message_description"] = "An invitation"
        text = {"en": "Dear ${m://FirstName}, ${l://SurveyURL} ${l://OptOutLink?d=Opt out}"}
        body = {"category": "invite", "description": "An invitation", "messages": text}
        self.found["message"] = self.ask("POST", f"/libraries/{self.found['library']}/messages", body)["id"]

    def _make_survey(self) -> None:
        self.found["survey_name"] = "Asked by clients"
        head = {"SurveyName": "Asked by clients", "Language": "EN", "ProjectCategory": "CORE"}
        made = self.ask("POST", "/survey-definitions", head)
        survey, block = made["SurveyID"], made["DefaultBlockID"]
        definition = f"/survey-definitions/{survey}"
        choices = {
            str(number): {"Display": text} for number, text in enumerate(("Well", "So so", "Badly"), 1)
        }
        one = _question(CHOICE, "MC", "SAVR", Choices=choices, ChoiceOrder=list(choices), SubSelector="TX")
        self.found["choice_question"] = self.ask("POST", f"{definition}/questions?blockId={block}", one)[
            "QuestionID"
        ]
        self.ask("POST", f"{definition}/questions?blockId={block}", _question(TEXT, "TE", "SL"))
        self.ask("POST", f"{definition}/versions", {"Description": "First", "Published": True})
        self.ask("PUT", f"/surveys/{survey}", {"isActive": True})
        self.found |= {"survey": survey, "choice_text": CHOICE}

    def _make_people(self) -> None:
        lists = f"/directories/{self.found['directory']}/mailinglists"
        made = self.ask("POST", lists, {"name": "Everybody"})["id"]
        for one in range(PEOPLE):  # one by one: what clients do that know no import
            contact = {"firstName": f"P{one}", "email": f"p{one}@example.org"}
            self.ask("POST", f"{lists}/{made}/contacts", contact)
        self.found["list"] = made

    def _send(self) -> None:
        """To one person, at once; until the mail is away."""
        lists = f"/directories/{self.found['directory']}/mailinglists"
        alone = self.ask("POST", lists, {"name": "One of them"})["id"]
        contact = {"firstName": "Zoe", "email": "zoe@example.org"}
        self.found["asked_contact"] = self.ask("POST", f"{lists}/{alone}/contacts", contact)["id"]
        body = {
            "message": {"libraryId": self.found["library"], "messageId": self.found["message"]},
            "recipients": {"mailingListId": alone},
            "header": {
                "fromEmail": "pulse@example.org",
                "fromName": "The pulse",
                "replyToEmail": "help@example.org",
                "subject": "How was it?",
            },
            "surveyLink": {"surveyId": self.found["survey"], "type": "Individual"},
            "sendDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        sent = self.ask("POST", "/distributions", body)["id"]
        self.found["sent_distribution"] = sent
        self.until(
            lambda: self.ask("GET", f"/distributions/{sent}/history")["elements"],
            lambda got: bool(got) and got[0]["sentAt"] is not None,
        )

    def _answer(self) -> None:
        survey = f"/surveys/{self.found['survey']}"
        values = {"values": {self.found["choice_question"]: 1}}
        first, *others = (
            self.ask("POST", f"{survey}/responses", values)["responseId"] for _ in range(ANSWERS)
        )
        self.found |= {"response": first, "spare_responses": others[:2], "sessions": ["FS_none", "FS_none"]}

    def ask(self, verb: str, path: str, body: object = None) -> Any:
        """The ``result`` of an answer that is no error."""
        answer = self._client.request(verb, f"/API/v3{path}", json=body)
        assert answer.status_code < 400, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json().get("result")

    def until(self, ask: Callable[[], Any], true: Callable[[Any], bool]) -> None:
        """Work goes on behind an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true(got := ask()):
            assert time.monotonic() < deadline, f"it never came to that: {got}"
            time.sleep(0.2)


def _question(text: str, kind: str, selector: str, **more: object) -> dict[str, object]:
    settings = {"Settings": {"ForceResponse": "OFF", "Type": "None"}}
    head = {"QuestionText": text, "QuestionType": kind, "Selector": selector, "Validation": settings}
    return {
        **head,
        "DataExportTag": kind,
        "QuestionDescription": text,
        "Configuration": {},
        "Language": [],
        **more,
    }


def secrets_of(data: Path) -> dict[str, str]:
    return asyncio.run(set_up(data))
