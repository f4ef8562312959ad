"""The configuration of one tenant, carried into another: to the letter, once, all or nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from opulse.ports import Ports
from opulse.pulses.configuration import ImportWanted, export_configuration, import_configuration
from opulse.pulses.configuration.models import Doing, ImportRefused, PlanOutdated
from opulse.tenancy.views import list_audit
from tests.flows.configuration.world import SECRETS, WHO, empty_tenant, full_tenant

pytestmark = pytest.mark.stores


async def take(ports: Ports, tenant: int, document: str, **asked: object) -> object:
    return await import_configuration(ports, tenant, WHO, replace(ImportWanted(document), **asked))


async def test_a_document_makes_the_same_elsewhere_and_making_it_twice_changes_nothing(ports: Ports) -> None:
    acme, brim = await full_tenant(ports), await empty_tenant(ports)
    document = await export_configuration(ports, acme, WHO)
    done = await import_configuration(ports, brim, WHO, ImportWanted(document, SECRETS))
    assert done.applied
    assert await export_configuration(ports, brim, WHO) == document
    again = await import_configuration(ports, brim, WHO, ImportWanted(document))
    assert not again.applied
    assert again.plan.changes == ()
    at_home = await import_configuration(ports, acme, WHO, ImportWanted(document, prune=True))
    assert at_home.plan.changes == ()
