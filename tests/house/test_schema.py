"""What the tables promise by their shape: tenants are apart by key, and what happens once is once by key."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, UniqueConstraint

from opulse.bootstrap.stages import import_stores
from opulse.db import metadata

import_stores()
ONCE = {
    "activations": ("tenant", "notification"),  # while it is open
    "deliveries": ("tenant", "activation", "recipient", "event_type", "wave"),
    "runs": ("tenant", "workflow", "event_key"),
    "task_runs": ("tenant", "run", "task"),
    "reach": ("tenant", "task_run", "system", "person"),
    "change_members": ("tenant", "change_set", "contact"),
    "invitations": ("tenant", "workflow", "cause", "contact", "wave"),
    "responses": ("tenant", "invitation"),  # of an individual link, where it is recorded
}
"""Table → what there is at most one row of: the key that makes the second time of a step do nothing."""
OF_NO_TENANT = {"tenants", "leases", "relay_slices", "sign_in_failures"}


def unique_keys(table: Table) -> list[tuple[str, ...]]:
    constraints = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [one.columns for one in table.indexes if one.unique]
    keys = [table.primary_key.columns, *constraints, *indexes]
    return [tuple(column.name for column in columns) for columns in keys]


@pytest.mark.parametrize("name", ONCE)
def test_what_happens_once_has_a_key_without_nulls(name: str) -> None:
    table = metadata.tables[name]
    assert set(ONCE[name]) in [set(key) for key in unique_keys(table)]
    assert [column for column in ONCE[name] if table.c[column].nullable] == []


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_no_row_can_point_at_another_tenants(name: str) -> None:
    table = metadata.tables[name]
    assert name in OF_NO_TENANT or not table.c.tenant.nullable
    for key in table.foreign_key_constraints:
        own, other = key.columns[0].name, next(iter(key.elements)).target_fullname
        assert (own, other.rpartition(".")[2]) == (
            ("tenant", "id") if other == "tenants.id" else ("tenant", "tenant")
        )
