"""The audit trail, and the switches that keep people safe: what is hidden, whose it is, who may be mailed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import audit_in, views
from opulse.tenancy.flow.tenants import change_tenant, create_tenant
from opulse.tenancy.models import Tenant
from tests.servers.installation import make_tenant

pytestmark = pytest.mark.stores


@pytest.fixture
async def tenant(ports: Ports) -> Tenant:
    return await create_tenant(ports, "Acme", "test")


async def test_the_audit_trail_hides_what_sounds_like_a_secret_however_deep(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    before = {
        "name": "old",
        "apiToken": "s3cret-1",
        "nested": {"list": [{"Password": "s3cret-2", "port": 25}]},
    }
    after = {"name": "new", "secret": {"inner": "s3cret-3"}, "when": clock.now(), "parts": ("a", "b")}
    await ports.db.write(audit_in, tenant.id, "maya", "thing.changed", "thing", before, after, clock.now())
    newest = (await ports.db.read(views.list_audit, tenant.id))[0]
    assert "s3cret" not in json.dumps(newest, default=str)
    assert newest["before"]["nested"] == {"list": [{"Password": "(hidden)", "port": 25}]}
    assert (newest["before"]["name"], newest["after"]["name"], newest["after"]["parts"]) == (
        "old",
        "new",
        ["a", "b"],
    )


async def test_the_audit_trail_is_the_tenants_own_and_pages(ports: Ports, clock: ManualClock) -> None:
    one, _ = await make_tenant(ports, "One")
    other, _ = await make_tenant(ports, "Other")
    for number in range(5):
        await ports.db.write(audit_in, one, "maya", "step", str(number), None, None, clock.now())
    newest = await ports.db.read(views.list_audit, one, 2)
    assert [row["what"] for row in newest] == ["4", "3"]
    older = await ports.db.read(views.list_audit, one, 2, newest[-1]["id"])
    assert [row["what"] for row in older] == ["2", "1"]
    assert "step" not in {row["action"] for row in await ports.db.read(views.list_audit, other)}


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("maya@example.org", True),
        ("lee@pilot.example.org", True),
        ("lee@example.org", False),
        ("maya@example.org.evil.test", False),
        ("x@notpilot.example.org", False),
    ],
)
async def test_a_new_tenant_mails_its_allow_list_only(
    ports: Ports, tenant: Tenant, address: str, reached: bool
) -> None:
    assert not tenant.lets_mail_reach(address), "nobody at first"
    wanted = [" Maya@Example.org ", "@PILOT.example.org", "", "maya@example.org"]
    changed = await change_tenant(ports, tenant.id, "test", allow_list=wanted)
    assert changed.allow_list == ("maya@example.org", "@pilot.example.org")
    assert changed.lets_mail_reach(address) is reached
    opened = await change_tenant(ports, tenant.id, "test", mail_open=True)
    assert opened.lets_mail_reach(address)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"allow_list": ["not an address"]}, "neither an address nor @domain"),
        ({"allow_list": ["maya@"]}, "neither an address nor @domain"),
        ({"cap_per_activation": -1}, "0 or more"),
        ({"id": 7}, "not a switch"),
        ({"client_id": "x"}, "not a switch"),
    ],
)
async def test_switches_that_are_not_taken(
    ports: Ports, tenant: Tenant, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await change_tenant(ports, tenant.id, "test", **changes)


async def test_a_change_of_the_switches_is_audited_with_before_and_after(
    ports: Ports, tenant: Tenant
) -> None:
    await change_tenant(ports, tenant.id, "maya", mail_open=True, cap_per_activation=5)
    newest = (await ports.db.read(views.list_audit, tenant.id))[0]
    assert (newest["actor"], newest["action"]) == ("maya", "tenant.changed")
    assert newest["before"] == {"mail_open": False, "cap_per_activation": 10_000}
    assert newest["after"] == {"mail_open": True, "cap_per_activation": 5}
