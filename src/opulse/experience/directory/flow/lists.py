"""Directories and mailing lists."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.directory.flow.limits import default_rules
from opulse.experience.directory.models import Directory, MailingList
from opulse.experience.directory.store import contacts, members
from opulse.experience.directory.store import lists as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id


async def create_directory(ports: Ports, tenant: int, name: str, actor: str) -> Directory:
    """A directory with the default frequency rules; the tenant's first one is its default directory."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Directory:
        first = not store.list_directories(conn, tenant)
        directory = Directory(new_id(Prefix.DIRECTORY), name.strip() or "Directory", first, now)
        store.insert_directory(conn, tenant, directory)
        store.replace_rules(conn, tenant, directory.id, default_rules())
        audit_in(conn, tenant, actor, "directory.created", directory.id, None, {"name": name}, now)
        return directory

    return await ports.db.write(unit)


async def create_list(ports: Ports, tenant: int, directory: str, name: str, actor: str) -> MailingList:
    """A mailing list of the directory.

    Raises:
        LookupError: no such directory.
        ValueError: no name, or one above 100 characters.
    """
    if not 0 < len(name.strip()) <= 100:
        raise ValueError("a mailing list has a name of 1 to 100 characters")
    now = ports.clock.now()
    made = MailingList(new_id(Prefix.MAILING_LIST), directory, name.strip(), now)

    def unit(conn: Connection) -> None:
        if store.find_directory(conn, tenant, directory) is None:
            raise LookupError(directory)
        store.insert_list(conn, tenant, made)
        audit_in(conn, tenant, actor, "mailing_list.created", made.id, None, {"name": name}, now)

    await ports.db.write(unit)
    return made


async def add_members(ports: Ports, tenant: int, list_id: str, ids: Sequence[str]) -> None:
    """Put contacts of the list's directory on it.

    Raises:
        LookupError: no such list.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = store.find_list(conn, tenant, list_id)
        if found is None:
            raise LookupError(list_id)
        known = [one for one in ids if contacts.find_contact(conn, tenant, found.directory, one)]
        members.insert_members(conn, tenant, list_id, known, now)

    await ports.db.write(unit)
