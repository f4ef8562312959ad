"""The integration guide's prerequisites and its five procedures, by the public API, in the guide's order."""

from __future__ import annotations

from typing import Any

from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.models import MadeObjects, MadeScenario
from opulse.cli.demo.scenarios import FROM_ADDRESS, FROM_NAME, REPLY_TO, Scenario

SYSTEMS_URL = "Systems URL"
SENSOR_NAMES = "Sensor Names"


class Procedures:
    """One run through the guide. ``groups``: the notification groups' ids by name."""

    def __init__(self, api: ApiClient, groups: dict[str, str]) -> None:
        self._api = api
        self._groups = groups

    async def carry_out(
        self, directory: str, mailing_list: str, wanted: tuple[Scenario, ...], machine: tuple[str, str]
    ) -> MadeObjects:
        """All five. ``machine``: id and agent key of the machine that the demo runs on."""
        account = await self.connect_operational_pulse()
        workflow, trigger_url = await self.create_recipient_workflow(directory, mailing_list, account)
        recipient, key = await self.configure_recipient(trigger_url)
        made = []
        for scenario in wanted:
            survey = await self.configure_survey(scenario)
            notification = await self.configure_notification(scenario, recipient)
            sender = await self.create_survey_workflow(scenario, directory, mailing_list, survey)
            made.append(MadeScenario(notification, survey, sender, self._groups[scenario.group]))
        return MadeObjects(
            directory, mailing_list, account, workflow, recipient, key, tuple(made), machine[0], machine[1]
        )

    async def connect_operational_pulse(self) -> str:
        """Prerequisite and steps 3 to 6 of the first procedure: install the extension, add a user account to it."""
        tenant = await self._api.get("/api/v1/tenant")
        host = tenant["cloud_url"].partition(":")[0]
        await self._api.post("/api/v1/extensions/operational_pulse/install", {"domains": [host]})
        service = await self._api.post("/api/v1/service-accounts", {"name": "Operational Pulse"})
        fields = {"api_token": service["password"], "systrack_api_account": service["username"]}
        account = await self._api.post(
            "/api/v1/extensions/operational_pulse/accounts",
            {"name": "SysTrack service account", "fields": fields},
        )
        return str(account["id"])

    async def create_recipient_workflow(
        self, directory: str, mailing_list: str, account: str
    ) -> tuple[str, str]:
        """1. *Create a Qualtrics workflow for your recipient*. Returns its id and the URL of its JSON event."""
        tenant = await self._api.get("/api/v1/tenant")
        document = recipient_workflow(tenant, directory, mailing_list, account)
        made = await self._api.post("/api/v1/workflows", document)
        return made["id"], made["trigger_url"]

    async def configure_recipient(self, trigger_url: str) -> tuple[str, str]:
        """2. *Configure the recipient in SysTrack*. Returns its id and the API token that its header carries."""
        key = await self._api.post(
            "/api/v1/keys", {"kind": "integration", "name": "Webhook of the sensor notifications"}
        )
        made = await self._api.post("/api/v1/recipients", webhook(trigger_url, key["secret"]))
        return made["recipient_id"], key["secret"]

    async def configure_survey(self, scenario: Scenario) -> str:
        """3. *Configure surveys in Qualtrics*."""
        made = await self._api.post("/api/v1/surveys", {"name": scenario.survey, "template": "recommended"})
        await self._api.post(f"/api/v1/surveys/{made['survey_id']}/publish")
        return str(made["survey_id"])

    async def configure_notification(self, scenario: Scenario, recipient: str) -> str:
        """4. *Configure the notifications in SysTrack*."""
        body = {
            "name": scenario.name,
            "description": scenario.description,
            "sensors": [{"name": name} for name in scenario.sensors],
            "group_id": self._groups[scenario.group],
            "activation": scenario.activation,
            "recipients": [recipient],
        }
        return str((await self._api.post("/api/v1/notifications", body))["notification_id"])

    async def create_survey_workflow(
        self, scenario: Scenario, directory: str, mailing_list: str, survey: str
    ) -> str:
        """5. *Create Qualtrics workflows for your surveys*."""
        conditions = [
            {"field": "lastAlarm", "side": "current", "operator": "contains", "operand": name}
            for name in scenario.sensors
        ]
        document = {
            "name": f"Send: {scenario.survey}",
            "trigger": {
                "type": "experience_id_change",
                "form": {
                    "directory": directory,
                    "kinds": ["updated", "created"],
                    "embedded_fields": ["lastAlarm"],
                },
            },
            "conditions": {"mode": "all", "items": conditions},
            "tasks": [
                {
                    "type": "xm_directory.distribute_survey",
                    "form": distribute_survey(mailing_list, survey),
                }
            ],
        }
        return str((await self._api.post("/api/v1/workflows", document))["id"])


def recipient_workflow(
    tenant: dict[str, Any], directory: str, mailing_list: str, account: str
) -> dict[str, Any]:
    """The JSON workflow with the guide's two JSON fields and its Operational Pulse task."""
    fields = [
        {"name": SYSTEMS_URL, "path": "data.systemsAtActivationURL"},
        {"name": SENSOR_NAMES, "path": "data.sensorNames"},
    ]
    task = {
        "systems_url": f"${{a://Field/{SYSTEMS_URL}}}",
        "sensor_names": f"${{a://Field/{SENSOR_NAMES}}}",
        "token_url": tenant["token_url"],
        "cloud_url": tenant["cloud_url"],
        "client_id": tenant["client_id"],
        "list_id": mailing_list,
        "directory_id": directory,
    }
    return {
        "name": "Receive sensor notifications",
        "trigger": {"type": "json_event", "form": {"fields": fields, "authentication": "token"}},
        "tasks": [{"type": "operational_pulse", "account": account, "form": task}],
    }


def webhook(trigger_url: str, token: str) -> dict[str, Any]:
    """The recipient of the guide. The body is the default one: it also carries the URL of those who are affected later."""
    return {
        "recipient_type": "System",
        "name": "Experience workflows",
        "connection": "Webhook",
        "url": trigger_url,
        "request_method": "POST",
        "authentication": {"type": "Off"},
        "headers": [{"name": "X-API-TOKEN", "value": token, "sensitive": True}],
    }


def distribute_survey(mailing_list: str, survey: str) -> dict[str, Any]:
    """The sixteen fields. Without subject and message the survey's own title and introduction stand there, in each language."""
    return {
        "distribution_type": "Individual",
        "distribution_method": "Email",
        "link_type": "Individual",
        "when": "Immediately",
        "save_as": "embedded_data",
        "contact_list": mailing_list,
        "first_name": "${m://FirstName}",
        "last_name": "${m://LastName}",
        "email": "${m://Email}",
        "language": "contact",
        "survey": survey,
        "from_address": FROM_ADDRESS,
        "from_name": FROM_NAME,
        "reply_to": REPLY_TO,
        "subject": "",
        "message": "",
    }
