"""The Qualtrics IDs page: directory, mailing list and survey ids to copy, and the API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory import Directory, MailingList
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import viewer_of
from opulse.experience.surveys.flow import list_surveys
from opulse.experience.surveys.models import SurveyRecord
from opulse.experience.workflows.pages.shared import Editor, PortsDep
from opulse.tenancy import views as tenancy
from opulse.tenancy.models import Key, KeyKind
from opulse.web.access import Role
from opulse.web.layout import page

router = APIRouter(prefix="/qualtrics-ids")


@dataclass(frozen=True, slots=True)
class IdsPage:
    """Every id that a form or a program asks for; tokens are integration keys that open something still."""

    base_url: str
    directories: tuple[Directory, ...]
    lists: tuple[MailingList, ...]
    surveys: tuple[SurveyRecord, ...]
    tokens: tuple[Key, ...]
    now: datetime
    may_make: bool

    def lists_of(self, directory: Directory) -> tuple[MailingList, ...]:
        return tuple(one for one in self.lists if one.directory == directory.id)


@router.get("")
async def show_ids(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The ids, ready to copy."""
    keys = await ports.db.read(tenancy.list_keys, caller.tenant)
    context = IdsPage(
        ports.public_url,
        tuple(await ports.db.read(directory.list_directories, caller.tenant)),
        tuple(await ports.db.read(directory.list_lists, caller.tenant, viewer=viewer_of(caller))),
        tuple(await list_surveys(ports, caller.tenant)),
        tuple(one for one in keys if one.kind is KeyKind.INTEGRATION and not one.revoked),
        ports.clock.now(),
        caller.may(Role.ADMIN),
    )
    return await page(request, "workflows/ids.html", context)
