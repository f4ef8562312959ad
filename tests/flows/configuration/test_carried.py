"""The configuration of one tenant, carried into another: to the letter, once, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.pulses.configuration import (
    ImportDone,
    ImportWanted,
    export_configuration,
    import_configuration,
)
from opulse.pulses.configuration.models import Doing, ImportRefused, PlanOutdated
from opulse.tenancy.views import list_audit
from tests.flows.configuration.world import SECRETS, WHO, empty_tenant, full_tenant

pytestmark = pytest.mark.stores
HEAD = "opulse_configuration: 1\n"


async def take(ports: Ports, tenant: int, document: str, **asked: Any) -> ImportDone:
    return await import_configuration(ports, tenant, WHO, replace(ImportWanted(document), **asked))


async def export(ports: Ports, tenant: int) -> str:
    return await export_configuration(ports, tenant, WHO)


async def refusal(ports: Ports, tenant: int, document: str, **asked: Any) -> list[tuple[int, str, str]]:
    """(line, path, text) of what was refused; the tenant is as it was."""
    before = await export(ports, tenant)
    with pytest.raises(ImportRefused) as refused:
        await take(ports, tenant, document, **asked)
    assert await export(ports, tenant) == before
    return [(mend.line, mend.path, mend.text) for mend in refused.value.mends]


async def test_a_document_makes_the_same_elsewhere_and_making_it_twice_changes_nothing(ports: Ports) -> None:
    acme, brim = await full_tenant(ports), await empty_tenant(ports)
    document = await export(ports, acme)
    done = await take(ports, brim, document, secrets=SECRETS)
    assert done.applied
    assert await export(ports, brim) == document
    again = await take(ports, brim, document, prune=True)
    assert not again.applied
    assert again.plan.changes == ()
    at_home = await take(ports, acme, document, prune=True)
    assert at_home.plan.changes == ()


async def test_no_secret_stands_in_a_document_and_each_is_asked_for_once(ports: Ports) -> None:
    acme, brim = await full_tenant(ports), await empty_tenant(ports)
    document = await export(ports, acme)
    for secret in ("hooks/of-a", *(f"the {what} of a" for what in ("secret", "token", "key", "event"))):
        assert secret not in document
    asked = await take(ports, brim, document)
    assert not asked.applied
    assert sorted(asked.plan.secrets) == sorted(SECRETS)
    some = dict(list(SECRETS.items())[:3])
    assert len((await take(ports, brim, document, secrets=some)).plan.secrets) == len(SECRETS) - 3
    await take(ports, brim, document, secrets=SECRETS, expect=asked.plan.token)
    anew = {"recipients/Desk/webhook/authentication/secret": "another secret"}
    changed = await take(ports, brim, document, secrets=anew)
    (change,) = changed.plan.changes
    assert (change.key, [field.path for field in change.fields]) == (
        "Desk",
        ["webhook.authentication.secret"],
    )
    audited = str(await ports.db.read(list_audit, brim, 500))
    assert "another secret" not in audited
    assert not any(secret in audited for secret in SECRETS.values())


async def test_a_dry_run_says_what_an_import_then_does(ports: Ports) -> None:
    acme = await full_tenant(ports)
    before = await export(ports, acme)
    document = before.replace("hold_seconds: 60", "hold_seconds: 120").replace("      - PC-3", "      - PC-2")
    dry = await take(ports, acme, document, dry_run=True)
    assert not dry.applied
    assert [(one.section, one.key, one.doing) for one in dry.plan.changes] == [
        ("groups", "Sales", Doing.CHANGED),
        ("notifications", "Hangs: 12.5 %", Doing.CHANGED),
    ]
    said = [(f.path, f.before, f.after) for one in dry.plan.changes for f in one.fields]
    assert said == [("systems", ["PC-1", "PC-3"], ["PC-1", "PC-2"]), ("hold_seconds", 60, 120)]
    assert await export(ports, acme) == before
    done = await take(ports, acme, document, expect=dry.plan.token)
    assert done.applied
    assert await export(ports, acme) == document
    with pytest.raises(PlanOutdated):
        await take(ports, acme, before, expect=dry.plan.token)


async def test_what_the_document_does_not_name_stays_unless_it_is_to_be_removed(ports: Ports) -> None:
    acme = await full_tenant(ports)
    document = (
        HEAD + "notifications: {}\nsilences:\ninhibitions: {}\nrecipients: {}\nworkflows: {}\nsources: {}\n"
    )
    document += "groups: {}\nsensors: {}\nmaintenance_windows: {}\nmailing_lists: {}\n"
    assert (await take(ports, acme, document)).plan.changes == ()
    done = await take(ports, acme, document, prune=True)
    assert done.applied
    doing = {(one.section, one.key): one.doing for one in done.plan.changes}
    assert doing["mailing_lists", "Pulse"] is Doing.LEFT
    assert doing["sensors", 'Our "own" sensor'] is Doing.REMOVED
    left = (await export(ports, acme)).splitlines()
    for gone in ("notifications: {}", "recipients: {}", "groups: {}", "sensors: {}", "workflows: {}"):
        assert gone in left
    assert "mailing_lists:" in left  # not removed, and the sections that were not there are as they were
    assert "surveys:" in left
    assert (await take(ports, acme, document, prune=True)).applied is False


async def test_what_is_used_elsewhere_is_not_removed_and_nothing_else_is_either(ports: Ports) -> None:
    acme = await full_tenant(ports)
    mends = await refusal(ports, acme, HEAD + "groups: {}\nsilences: {}\n", prune=True)
    assert [path for _, path, _ in mends] == ["groups/Sales"]
    assert "Hangs: 12.5 %" in mends[0][2]
    mends = await refusal(ports, acme, HEAD + "sensors: {}\n", prune=True)
    assert [path for _, path, _ in mends] == ['sensors/Our "own" sensor']
    assert "notification Hangs: 12.5 %" in mends[0][2]


async def test_a_fault_names_line_and_path_and_nothing_is_half_done(ports: Ports) -> None:
    brim = await empty_tenant(ports)
    document = (
        HEAD
        + """groups:
  Fine:
    kind: static
    systems: [PC-1]
  Sales:
    kind: static
    systems: [PC-1, PC-9]
notifications:
  Hangs:
    group: Sales
"""
    )
    mends = await refusal(ports, brim, document)
    assert mends == [
        (10, "notifications/Hangs/sensors", "This field is missing."),
        (10, "notifications/Hangs/activation", "This field is missing."),
    ]
    document = document.partition("notifications:")[0]
    mends = await refusal(ports, brim, document)
    assert [(line, path) for line, path, _ in mends] == [(8, "groups/Sales/systems")]
    assert "'PC-9'" in mends[0][2]
    assert "Import the systems first" in mends[0][2]


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        ("groups: {}", 1, "", "begins with"),
        ("opulse_configuration: 2", 1, "opulse_configuration", "version 1"),
        (HEAD + "grups: {}", 2, "grups", "no such section"),
        (HEAD + "groups:\n  A: {kind: static}\n  A: {kind: static}", 4, "groups/A", "twice"),
        (HEAD + "groups:\n  A: {kind: static, rule: x}", 3, "groups/A", "no rule"),
        (HEAD + "groups:\n  A: {kind: dynamic, rule: 'site ='}", 3, "groups/A", ""),
        (HEAD + "groups: &all {}", 2, "", "References"),
        (HEAD + "groups: !!python/none {}", 2, "groups", "plain text"),
        (HEAD + "groups: [", 3, "", "not YAML"),
        (HEAD + "groups: [A]", 2, "groups", "list of names"),
        (HEAD + "groups:\n  A: {kind: other}", 3, "groups/A/kind", "'static' or 'dynamic'"),
        (HEAD + "sensors:\n  Own: {enabled: true}", 3, "sensors/Own", "custom"),
        (
            HEAD + "sensors:\n  Application Hang:\n    variables: {nope: 1}",
            4,
            "sensors/Application Hang/variables/nope",
            "unknown",
        ),
        (
            HEAD + "tenant:\n  settings: {name: '', cap_per_activation: 1, confirm_above: 1}",
            3,
            "tenant/settings",
            "name",
        ),
        (
            HEAD + "accounts:\n  A: {extension: operational_pulse, fields: {api_token: clear}}",
            3,
            "accounts/A/fields/api_token",
            "stands in no document",
        ),
        (HEAD + "mailing_lists:\n  A: {directory: Nobody}", 3, "mailing_lists/A/directory", "no directory"),
        (HEAD + "workflows:\n  A: {trigger: {type: nope}}", 3, "workflows/A", "no event"),
        (HEAD + "surveys:\n  A: {}", 3, "surveys/A", "document"),
        (HEAD + "inhibitions:\n  A: {symptoms: [B]}", 3, "inhibitions/A", ""),
        (HEAD + "extensions:\n  nope: {}", 3, "extensions/nope", "install its package"),
    ],
)
async def test_what_cannot_be_taken_says_where_and_what_to_do(
    ports: Ports, text: str, line: int, path: str, words: str
) -> None:
    brim = await empty_tenant(ports, systems=1)
    mends = await refusal(ports, brim, text)
    assert any(
        mend[0] == line and mend[1] == path and words in mend[2] and mend[2].strip() for mend in mends
    ), mends


async def test_opening_mail_to_everybody_needs_a_word_of_its_own(ports: Ports) -> None:
    acme = await empty_tenant(ports)
    document = (await export(ports, acme)).replace("mail_open: false", "mail_open: true")
    ((line, path, text),) = await refusal(ports, acme, document)
    assert document.splitlines()[line - 1].strip() == "mail_open: true"
    assert path == "tenant/settings/mail_open"
    assert "--open-mail" in text
    assert (await take(ports, acme, document, open_mail=True)).applied
    assert "mail_open: true" in await export(ports, acme)


async def test_each_change_is_audited_with_what_was_before(ports: Ports) -> None:
    acme, brim = await full_tenant(ports), await empty_tenant(ports)
    await take(ports, brim, await export(ports, acme), secrets=SECRETS)
    made = {row["action"] for row in await ports.db.read(list_audit, brim, 500)}
    assert made >= {
        "group.created", "sensor.created", "sensor.changed", "recipient.created", "recipient.disabled",
        "maintenance.planned", "notification.created", "silence.set", "inhibition.set", "source.created",
        "directory.created", "mailing_list.created", "frequency_rules.changed", "survey.created",
        "survey.published", "survey.closed", "extension.installed", "extension.account_added",
        "workflow.created", "tenant.changed", "configuration.imported",
    }  # fmt: skip
    document = (await export(ports, brim)).replace("cool_down_seconds: 300", "cool_down_seconds: 301")
    await take(ports, brim, document)
    imported, changed = await ports.db.read(list_audit, brim, 3), None
    changed = next(row for row in imported if row["action"] == "notification.changed")
    assert (changed["before"]["cool_down_seconds"], changed["after"]["cool_down_seconds"]) == (300, 301)


async def test_recipients_alone_dismiss_nothing(ports: Ports) -> None:
    """As from the Recipients tab (systrack.md 3.4): the notification's revision stays."""
    acme = await full_tenant(ports)
    document = (await export(ports, acme)).replace("      - Ana\n      - Desk\n", "      - Desk\n")
    await take(ports, acme, document)
    newest = (await ports.db.read(list_audit, acme, 4))[1:]
    assert "notification.assigned" in {row["action"] for row in newest}
    assert "notification.changed" not in {row["action"] for row in newest}
    assert await export(ports, acme) == document


async def test_what_time_has_ended_is_not_made_again(ports: Ports, clock: ManualClock) -> None:
    acme = await full_tenant(ports)
    document = await export(ports, acme)
    clock.advance(3 * 3600)
    done = await take(ports, acme, document)
    assert [(one.section, one.key, one.doing) for one in done.plan.changes] == [
        ("silences", "Everybody knows", Doing.OVER)
    ]
    assert not done.applied


async def test_what_a_person_leaves_out_or_writes_otherwise_is_no_change(ports: Ports) -> None:
    acme = await full_tenant(ports)
    document = (
        HEAD
        + """
groups:
  Sales: {kind: static, systems: [pc-3.example.org, PC-1, PC-1]}
sensors:
  High Retransmission Rate: {variables: {limit: 9.0}}
  Application Fault: {}
notifications:
  24:
    sensors: [{name: High Retransmission Rate}]
    group: All Systems
    activation: {option: any}
    enabled: no
sources:
  Fleet: {kind: fleet, settings: {}}
maintenance_windows:
  Patching:
    group: Sales
    starts_at: 2026-11-23T13:00:00+01:00
    ends_at: 2026-11-23 15:00:00+01:00
    repeat: weekly
    zone: Europe/Berlin
"""
    )
    assert (await take(ports, acme, document)).plan.changes == ()


async def test_two_of_one_name_are_told_apart(ports: Ports) -> None:
    acme, brim = await empty_tenant(ports), await empty_tenant(ports, "Other")
    document = (
        HEAD
        + """
recipients:
  Ana: {type: User, connection: Email, email: a@b.example}
  Ana (2): {type: User, connection: Email, email: c@d.example}
"""
    )
    await take(ports, acme, document)
    from opulse.monitoring.recipients.flow.saving import create_recipient
    from opulse.monitoring.recipients.models import Channel, RecipientDraft, RecipientType

    for address in ("a@b.example", "c@d.example"):
        await create_recipient(
            ports, brim, WHO, RecipientDraft(RecipientType.USER, "Ana", Channel.EMAIL, address)
        )
    twins = await export(ports, brim)
    assert "  Ana (2):\n" in twins
    assert (await take(ports, brim, twins, prune=True)).plan.changes == ()
