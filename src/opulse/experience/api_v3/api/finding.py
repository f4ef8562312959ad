"""The directory, list or contact of a path, or the refusal that the vendor gives."""

from __future__ import annotations

from opulse.experience.api_v3.api.edge import Desk, check_id, refuse
from opulse.experience.api_v3.api.spelling import contact_id
from opulse.experience.directory import Contact, MailingList, views
from opulse.experience.directory.models import ListKind, Viewer
from opulse.wire.identifiers import Prefix


async def the_directory(desk: Desk, tenant: int, directory: str) -> str:
    """Its id. Raises: Problem, 400 malformed, 404 none here."""
    check_id(Prefix.DIRECTORY, directory, "directoryId")
    if await desk.ports.db.read(views.find_directory, tenant, directory) is None:
        raise refuse(404, f"{directory} not found", "ESSG_2")
    return directory


async def the_contact(desk: Desk, tenant: int, directory: str, contact: str) -> Contact:
    """A contact of the directory, by its id or its lookup id. Raises: Problem."""
    number = check_id(Prefix.CONTACT, contact_id(contact), "contactId")
    await the_directory(desk, tenant, directory)
    found = await desk.ports.db.read(views.find_contact, tenant, directory, number)
    if found is None:
        raise refuse(404, f"{contact} not found", "ESSG_2")
    return found


async def the_list(desk: Desk, tenant: int, directory: str, mailing_list: str, viewer: Viewer) -> MailingList:
    """A mailing list of the directory that the caller may see; no segment and no sample. Raises: Problem."""
    check_id(Prefix.MAILING_LIST, mailing_list, "mailingListId")
    await the_directory(desk, tenant, directory)
    found = await desk.ports.db.read(views.find_list, tenant, mailing_list, viewer)
    if found is None or found.directory != directory or found.kind is not ListKind.LIST:
        raise refuse(404, "Mailing List not found", "PACC_6")
    return found
