"""Messages and looks to choose from: lists and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from opulse.experience.distributions.flow import library
from opulse.experience.distributions.models import Wording
from opulse.experience.distributions.models.library import LibraryMessage, MailTemplate, MessageCategory
from opulse.mail.shell import STARTER
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/distributions/library", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
HOME = "/distributions/library"
CATEGORIES = (
    (MessageCategory.INVITE, "Invitation"),
    (MessageCategory.REMINDER, "Reminder"),
    (MessageCategory.THANK_YOU, "Thank-you"),
    (MessageCategory.INACTIVE_SURVEY, "Closed survey"),
    (MessageCategory.END_OF_SURVEY, "End of the survey"),
    (MessageCategory.GENERAL, "General"),
    (MessageCategory.VALIDATION, "Validation"),
    (MessageCategory.LOOK_AND_FEEL, "Look and feel"),
    (MessageCategory.EMAIL_SUBJECT, "E-mail subject"),
    (MessageCategory.SMS_INVITE, "SMS invitation"),
)
BLANK = 2  # empty rows for further languages


@dataclass(frozen=True)
class LibraryPage:
    """All messages and templates of the tenant."""

    messages: tuple[LibraryMessage, ...]
    templates: tuple[MailTemplate, ...]
    labels: Mapping[str, str]
    may_edit: bool


@dataclass(frozen=True)
class TextRow:
    """One language as it is typed."""

    language: str = ""
    subject: str = ""
    body: str = ""


@dataclass(frozen=True)
class MessagePage:
    """A message as it is typed; ``id`` empty: a new one."""

    id: str
    name: str
    category: str
    rows: tuple[TextRow, ...]
    may_edit: bool
    problems: tuple[str, ...] = ()
    categories: tuple[tuple[str, str], ...] = field(
        default_factory=lambda: tuple((one.value, label) for one, label in CATEGORIES)
    )


@dataclass(frozen=True)
class TemplatePage:
    """A template as it is typed; ``id`` empty: a new one."""

    id: str
    name: str
    source: str
    may_edit: bool
    problems: tuple[str, ...] = ()


@router.get("")
async def show_library(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """The list."""
    context = LibraryPage(
        messages=tuple(await library.list_messages(ports, caller.tenant)),
        templates=tuple(await library.list_templates(ports, caller.tenant)),
        labels={one.value: label for one, label in CATEGORIES},
        may_edit=caller.may(Role.EDITOR),
    )
    return await page(request, "distributions/library.html", context)


@router.get("/messages/new")
async def show_new_message(request: Request, caller: Editor) -> Response:
    """An empty form."""
    rows = (TextRow("en"), *[TextRow()] * BLANK)
    context = MessagePage("", "", MessageCategory.INVITE.value, rows, may_edit=True)
    return await page(request, "distributions/message.html", context)


@router.post("/messages/new")
async def save_new_message(request: Request, caller: Editor, ports: PortsDep) -> Response:
    """A new message."""
    return await _save_message(request, caller, ports, "")


@router.get("/messages/{message}")
async def show_message(message: str, request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """One message."""
    try:
        found = await library.get_message(ports, caller.tenant, message)
    except LookupError as error:
        raise NotFound("message") from error
    may_edit = caller.may(Role.EDITOR)
    rows = [TextRow(language, one.subject, one.body) for language, one in found.texts.items()]
    blank = [TextRow()] * (BLANK if may_edit else 0)
    context = MessagePage(found.id, found.name, found.category.value, (*rows, *blank), may_edit)
    return await page(request, "distributions/message.html", context)


@router.post("/messages/{message}")
async def save_message(message: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Replace a message."""
    return await _save_message(request, caller, ports, message)


@router.post("/messages/{message}/delete")
async def save_message_deleted(message: str, caller: Editor, ports: PortsDep) -> Response:
    """Forget a message."""
    try:
        await library.delete_message(ports, caller.tenant, message, caller.name)
    except LookupError as error:
        raise NotFound("message") from error
    return see_other(HOME, "Deleted. Distributions keep the copy that they were made with.")


@router.get("/templates/new")
async def show_new_template(request: Request, caller: Editor) -> Response:
    """A form with a template to begin from."""
    context = TemplatePage("", "", STARTER, may_edit=True)
    return await page(request, "distributions/template.html", context)


@router.post("/templates/new")
async def save_new_template(request: Request, caller: Editor, ports: PortsDep) -> Response:
    """A new template."""
    return await _save_template(request, caller, ports, "")


@router.get("/templates/{template}")
async def show_template(template: str, request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """One template."""
    try:
        found = await library.get_template(ports, caller.tenant, template)
    except LookupError as error:
        raise NotFound("template") from error
    context = TemplatePage(found.id, found.name, found.source, caller.may(Role.EDITOR))
    return await page(request, "distributions/template.html", context)


@router.post("/templates/{template}")
async def save_template(template: str, request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Replace a template."""
    return await _save_template(request, caller, ports, template)


@router.post("/templates/{template}/delete")
async def save_template_deleted(template: str, caller: Editor, ports: PortsDep) -> Response:
    """Forget a template."""
    try:
        await library.delete_template(ports, caller.tenant, template, caller.name)
    except LookupError as error:
        raise NotFound("template") from error
    return see_other(HOME, "Deleted. Distributions keep the copy that they were made with.")


async def _save_message(request: Request, caller: Caller, ports: Ports, message: str) -> Response:
    form = await request.form(max_files=0)
    rows = _rows(form)
    name, category = str(form.get("name", "")), str(form.get("category", ""))
    texts = {one.language: Wording(one.subject, one.body) for one in rows if one.language}
    problems = [
        f"one text has no language: {one.subject or one.body[:40]}" for one in rows if not one.language
    ]
    known = {one.value: one for one, _ in CATEGORIES}
    if category not in known:
        problems.append("choose what it is for")
    try:
        if not problems:
            made = await library.save_message(
                ports, caller.tenant, known[category], name, texts, caller.name, message
            )
            return see_other(f"{HOME}/messages/{made.id}", "Saved.")
    except library.BadLibraryEntry as error:
        problems = error.problems
    except LookupError as error:
        raise NotFound("message") from error
    shown = (*rows, *[TextRow()] * BLANK)
    context = MessagePage(message, name, category, shown, may_edit=True, problems=tuple(problems))
    return await page(request, "distributions/message.html", context, 422)


async def _save_template(request: Request, caller: Caller, ports: Ports, template: str) -> Response:
    form = await request.form(max_files=0)
    name, source = str(form.get("name", "")), str(form.get("source", ""))
    try:
        made = await library.save_template(ports, caller.tenant, name, source, caller.name, template)
    except library.BadLibraryEntry as error:
        context = TemplatePage(template, name, source, may_edit=True, problems=tuple(error.problems))
        return await page(request, "distributions/template.html", context, 422)
    except LookupError as error:
        raise NotFound("template") from error
    return see_other(f"{HOME}/templates/{made.id}", "Saved: it compiles, and both places are there.")


def _rows(form: FormData) -> list[TextRow]:
    """The rows that hold something, as they were typed."""
    typed = zip(form.getlist("language"), form.getlist("subject"), form.getlist("body"), strict=False)
    rows = [TextRow(str(a).strip(), str(b).strip(), str(c).strip()) for a, b, c in typed]
    return [one for one in rows if one.subject or one.body]
