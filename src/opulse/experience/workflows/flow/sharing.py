"""Share a workflow, hand it over, and say who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from opulse.experience.workflows.models import ShareLevel, Sharing, Workflow
from opulse.experience.workflows.rules.sharing import decide_level
from opulse.experience.workflows.store import definitions
from opulse.experience.workflows.store import sharing as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.tenancy.views import find_person
from opulse.web.roles import Caller

SHARES_MOST = 200


async def find_shared(ports: Ports, caller: Caller, workflow: str) -> tuple[Workflow, ShareLevel] | None:
    """The workflow and what the caller may do with it; None where it does not exist for them."""
    return await ports.db.read(_find_in, caller, workflow)


async def list_shared(ports: Ports, caller: Caller) -> list[Workflow]:
    """The workflows that the caller may see, by name."""
    return await ports.db.read(list_shared_in, caller)


async def read_sharing(ports: Ports, tenant: int, workflow: str) -> Sharing:
    """Owner, privacy, shares."""
    return await ports.db.read(store.find_sharing, tenant, workflow)


async def set_sharing(
    ports: Ports, caller: Caller, workflow: str, private: bool, shares: Mapping[str, ShareLevel]
) -> None:
    """Replace who may do what. The owner stays.

    Raises:
        ValueError: somebody who is no person of the tenant, the owner themselves, or too many.
    """
    now = ports.clock.now()
    if len(shares) > SHARES_MOST:
        raise ValueError(f"a workflow is shared with at most {SHARES_MOST} people")

    def unit(conn: Connection) -> None:
        before = store.find_sharing(conn, caller.tenant, workflow)
        owner = before.owner or (caller.user_id if private else "")
        if private and not owner:
            raise ValueError("a private workflow needs an owner: hand it over to somebody first")
        for person in shares:
            if find_person(conn, caller.tenant, person) is None:
                raise ValueError(f"{person} is nobody of this tenant")
        given = {person: level for person, level in shares.items() if person != owner}
        store.replace_sharing(conn, caller.tenant, workflow, Sharing(owner, private, given), caller.name, now)
        after = Sharing(owner, private, given)
        audit_in(
            conn, caller.tenant, caller.name, "workflow.shared", workflow, _plain(before), _plain(after), now
        )

    await ports.db.write(unit)


async def hand_over(ports: Ports, caller: Caller, workflow: str, person: str) -> None:
    """Make somebody the owner. The former owner keeps the right to edit.

    Raises:
        ValueError: nobody of the tenant has this id.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if find_person(conn, caller.tenant, person) is None:
            raise ValueError(f"{person} is nobody of this tenant")
        before = store.find_sharing(conn, caller.tenant, workflow)
        shares = {one: level for one, level in before.shares.items() if one != person}
        if before.owner and before.owner != person:
            shares[before.owner] = ShareLevel.EDIT
        after = Sharing(person, before.private, shares)
        store.replace_sharing(conn, caller.tenant, workflow, after, caller.name, now)
        what = "workflow.handed_over"
        audit_in(conn, caller.tenant, caller.name, what, workflow, _plain(before), _plain(after), now)

    await ports.db.write(unit)


def list_shared_in(conn: Connection, caller: Caller) -> list[Workflow]:
    """See :func:`list_shared`; on the caller's connection."""
    sharing = store.list_sharing(conn, caller.tenant)
    return [
        one
        for one in definitions.list_workflows(conn, caller.tenant)
        if decide_level(caller, sharing[one.id]) is not None
    ]


def _find_in(conn: Connection, caller: Caller, workflow: str) -> tuple[Workflow, ShareLevel] | None:
    found = definitions.find_workflow(conn, caller.tenant, workflow)
    level = None if found is None else decide_level(caller, store.find_sharing(conn, caller.tenant, workflow))
    return None if found is None or level is None else (found, level)


def _plain(sharing: Sharing) -> dict[str, object]:
    return {
        "owner": sharing.owner,
        "private": sharing.private,
        "shares": {person: level.name.lower() for person, level in sorted(sharing.shares.items())},
    }
