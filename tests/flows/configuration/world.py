"""A tenant with one of everything that an administrator can make, and another with the same systems and nothing else."""

from __future__ import annotations

from datetime import timedelta

from opulse.bootstrap.stages import import_stores, load_extensions
from opulse.experience.directory.flow.limits import WantedRule, set_rules
from opulse.experience.directory.flow.lists import create_directory, create_list
from opulse.experience.directory.models import RuleKind
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.flow import close_survey, create_survey, publish_survey, save_draft
from opulse.experience.workflows.flow.accounts import add_account, install_extension
from opulse.experience.workflows.flow.definitions import create_workflow, switch_workflow
from opulse.experience.workflows.models import WorkflowDocument
from opulse.monitoring.maintenance.flow import plan_window
from opulse.monitoring.maintenance.models import WindowDraft
from opulse.monitoring.notifications.flow.saving import create_notification
from opulse.monitoring.notifications.models import NotificationDraft, SensorChoice
from opulse.monitoring.recipients.flow.disabling import disable_recipient
from opulse.monitoring.recipients.flow.saving import create_recipient
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Channel,
    Header,
    RecipientDraft,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.sensors.flow.catalogue import change_sensor, create_sensor, seed_tenant_in
from opulse.monitoring.sensors.flow.grouping import set_in_group
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.silences.flow.setting import set_inhibition, set_silence
from opulse.monitoring.silences.models import SilenceDraft
from opulse.monitoring.sources.flow.saving import create_source
from opulse.monitoring.sources.models import SourceDraft, SourceKind
from opulse.monitoring.systems.flow.groups import create_group, create_ruled_group, list_groups
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import SystemEntry
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import change_tenant, create_tenant
from tests.servers.installation import ADDRESS

import_stores()
load_extensions()

WHO = "test"
SECRETS = {
    "recipients/Desk/webhook/url": "https://127.0.0.1/hooks/of-b",
    "recipients/Desk/webhook/authentication/secret": "the secret of b",
    "recipients/Desk/webhook/headers/X-API-TOKEN/value": "the token of b",
    "recipients/Desk/webhook/values/routingKey/value": "the key of b",
    "recipients/Old desk/webhook/authentication/password": "the password of b",
    "accounts/SysTrack/fields/api_token": "the account of b",
    "workflows/Receive/trigger/form/secret": "the event of b",
}
BODY = '{\n    "eventId": "@{notificationActivationId}",\n    "key": "@{routingKey}"\n}\n'


async def empty_tenant(ports: Ports, name: str = "Brim", systems: int = 4) -> int:
    """A tenant with its catalogue and systems PC-1 …, two of which share a name."""
    tenant = (await create_tenant(ports, name, WHO)).id
    await ports.db.write(seed_tenant_in, tenant, ports.clock.now())
    names = [f"PC-{number + 1}" for number in range(systems)]
    _, refused = await take_systems(
        ports, tenant, [SystemEntry(one, fqdn=f"{one}.example.org".lower(), site="Bern") for one in names]
    )
    assert refused == []
    return tenant


async def full_tenant(ports: Ports) -> int:
    """One of everything, with the hard cases of each."""
    tenant = await empty_tenant(ports, "Acme")
    await change_tenant(
        ports,
        tenant,
        WHO,
        allow_list=["@example.org", "a@b.example"],
        cap_per_activation=500,
        confirm_above=7,
    )
    await _monitoring(ports, tenant)
    await _experience(ports, tenant)
    return tenant


async def _monitoring(ports: Ports, tenant: int) -> None:
    from opulse.monitoring.systems.flow.systems import list_systems

    pcs = {one.name: one.guid for one in (await list_systems(ports, tenant, "", 0, 10)).systems}
    sales = await create_group(ports, tenant, "Sales", [pcs["PC-1"], pcs["PC-3"]], WHO)
    await create_ruled_group(ports, tenant, "Bern: all", 'site = "Bern"', WHO)
    everybody = (await list_groups(ports, tenant))[0]
    custom = Sensor(
        0, "", 'Our "own" sensor', "Ours", "Zwölf\nlines", 7, True, SensorOrigin.CUSTOM, True, {}, {}
    )
    await create_sensor(ports, tenant, custom, WHO)
    await change_sensor(ports, tenant, "High Retransmission Rate", WHO, variables={"limit": 9})
    await change_sensor(ports, tenant, "Application Hang", WHO, enabled=False)
    limits = {"limit": 3}
    await set_in_group(ports, tenant, "Application Hang", sales.guid, WHO, enabled=True, variables=limits)
    person = await create_recipient(
        ports,
        tenant,
        WHO,
        RecipientDraft(RecipientType.USER, "Ana", Channel.EMAIL, "ana@example.org", "Ana", "Lima"),
    )
    desk = await create_recipient(ports, tenant, WHO, _desk())
    old = await create_recipient(ports, tenant, WHO, _old_desk())
    await disable_recipient(ports, tenant, WHO, old.recipient.id)
    now = ports.clock.now()
    await plan_window(
        ports,
        tenant,
        WHO,
        WindowDraft("Patching", sales.guid, now, now + timedelta(hours=2), "weekly", "Europe/Berlin"),
    )
    first = await create_notification(
        ports,
        tenant,
        WHO,
        NotificationDraft(
            name="Hangs: 12.5 %",
            description="No: yes\n\n  indented",
            sensors=(SensorChoice("Application Fault", "EXCEL.EXE"), SensorChoice('Our "own" sensor')),
            group_id=sales.guid,
            option="percentage",
            value="12.50",
            recipients=(person.recipient.id, desk.recipient.id),
            minimum_systems=2,
            hold_seconds=60,
            needed_sensors=1,
            cool_down_seconds=300,
            schedule="12x5",
            zone="Europe/Berlin",
        ),
    )
    second = await create_notification(
        ports,
        tenant,
        WHO,
        NotificationDraft(
            "24", "", (SensorChoice("High Retransmission Rate"),), everybody.guid, "any", "1", (), False
        ),
    )
    await set_silence(
        ports,
        tenant,
        WHO,
        SilenceDraft("Everybody knows", first.notification.id, "", sales.guid, now, now + timedelta(hours=1)),
    )
    await set_inhibition(ports, tenant, WHO, second.notification.id, [first.notification.id])
    await create_source(ports, tenant, SourceDraft(SourceKind.FLEET, "Fleet"), WHO)
    await create_source(ports, tenant, SourceDraft(SourceKind.ALERTMANAGER, "Alerts", enabled=False), WHO)


def _desk() -> RecipientDraft:
    webhook = Webhook(
        url="https://127.0.0.1/hooks/of-a",
        url_sensitive=True,
        method=RequestMethod.PUT,
        authentication=Authentication(AuthenticationType.SIGNED, secret="the secret of a"),
        headers=(Header("X-API-TOKEN", "the token of a", True), Header("X-Plain", "yes")),
        values=(BodyValue("routingKey", "the key of a", True),),
        body=BODY,
        end_body="",
    )
    return RecipientDraft(RecipientType.SYSTEM, "Desk", Channel.WEBHOOK, webhook=webhook, tell_end=True)


def _old_desk() -> RecipientDraft:
    webhook = Webhook(
        url=f"{ADDRESS.replace('test', '127.0.0.1')}/old",
        method=RequestMethod.POST,
        authentication=Authentication(AuthenticationType.BASIC, "opulse", "the password of a"),
        headers=(),
        body='{"a": 1}',
    )
    return RecipientDraft(RecipientType.SYSTEM, "Old desk", Channel.WEBHOOK, webhook=webhook)


async def _experience(ports: Ports, tenant: int) -> None:
    people = await create_directory(ports, tenant, "People", WHO)
    await create_directory(ports, tenant, "Another", WHO)
    listed = await create_list(ports, tenant, people.id, "Pulse", WHO)
    rules = [WantedRule(RuleKind.ONE_PER_ACTIVATION), WantedRule(RuleKind.MIN_GAP, 1, 3600)]
    await set_rules(ports, tenant, people.id, rules, WHO)
    survey = await create_survey(ports, tenant, "Is it slow?", recommended_pulse(), WHO)
    await publish_survey(ports, tenant, survey.id, WHO)
    edited = recommended_pulse().model_copy(update={"title": "Is it still slow?"})
    await save_draft(ports, tenant, survey.id, "Is it slow?", edited, WHO)
    await create_survey(ports, tenant, "A draft", recommended_pulse(), WHO)
    closed = await create_survey(ports, tenant, "Over", recommended_pulse(), WHO)
    await publish_survey(ports, tenant, closed.id, WHO)
    await close_survey(ports, tenant, closed.id, WHO)
    await install_extension(ports, tenant, "operational_pulse", ["cloud.example.org"], WHO)
    fields = {"api_token": "the account of a", "systrack_api_account": "svc-1"}
    account = await add_account(ports, tenant, "operational_pulse", "SysTrack", fields, WHO)
    receive = {
        "name": "Receive",
        "trigger": {
            "type": "json_event",
            "form": {
                "fields": [
                    {"name": "Systems URL", "path": "data.systemsAtActivationURL"},
                    {"name": "Sensor Names", "path": "data.sensorNames"},
                ],
                "authentication": "hmac",
                "secret": "the event of a",
            },
        },
        "tasks": [
            {
                "type": "operational_pulse",
                "account": account,
                "form": {
                    "systems_url": "${a://Field/Systems URL}",
                    "sensor_names": "${a://Field/Sensor Names}",
                    "token_url": "https://cloud.example.org/oauth/token",
                    "cloud_url": "cloud.example.org",
                    "client_id": "1",
                    "list_id": listed.id,
                    "directory_id": people.id,
                },
            }
        ],
    }
    await create_workflow(ports, tenant, WorkflowDocument.model_validate(receive), WHO)
    ask = {
        "name": "Ask",
        "trigger": {
            "type": "experience_id_change",
            "form": {"directory": people.id, "kinds": ["updated"], "embedded_fields": ["lastAlarm"]},
        },
        "conditions": {
            "mode": "any",
            "items": [
                {"field": "lastAlarm", "operator": "contains", "operand": "Application Hang"},
                {"mode": "all", "items": [{"field": "site", "operator": "is_in_list", "operand": ["Bern"]}]},
            ],
        },
        "tasks": [
            {
                "type": "xm_directory.distribute_survey",
                "form": {
                    "contact_list": listed.id,
                    "survey": survey.id,
                    "subject": "Slow?",
                    "message": "Hello ${m://FirstName},\n\nis it slow?",
                },
            }
        ],
        "settings": {"on_failure": "stop", "retry": "none"},
    }
    made = await create_workflow(ports, tenant, WorkflowDocument.model_validate(ask), WHO)
    await switch_workflow(ports, tenant, made.id, False, WHO)
