"""JSON routes of the message library and of mail templates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.experience.distributions.flow import library
from opulse.experience.distributions.models import Wording
from opulse.experience.distributions.models.library import LibraryMessage, MailTemplate, MessageCategory
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["distributions"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class WordingBody(BaseModel):
    """Subject and body (Markdown with pipes) in one language."""

    subject: str = Field("", max_length=500)
    body: str = Field("", max_length=50_000)


class MessageBody(BaseModel):
    """A library message; the first language of ``texts`` is for every language that is not named."""

    name: str
    category: MessageCategory
    texts: dict[str, WordingBody]


class MessageView(MessageBody):
    """A library message as it is kept."""

    id: str
    updated_by: str
    updated_at: datetime


class TemplateBody(BaseModel):
    """A look: MJML with one ``<op-content />`` and one ``<op-footer />``."""

    name: str
    source: str = Field(max_length=200_000)


class TemplateView(TemplateBody):
    """A template as it is kept."""

    id: str
    updated_by: str
    updated_at: datetime


@router.get("/library-messages", operation_id="list_library_messages")
async def list_messages(
    ports: PortsDep, caller: Viewer, category: MessageCategory | None = None
) -> list[MessageView]:
    found = await library.list_messages(ports, caller.tenant, category.value if category else "")
    return [_message(one) for one in found]


@router.post("/library-messages", operation_id="create_library_message", status_code=201)
async def post_message(body: MessageBody, ports: PortsDep, caller: Editor) -> MessageView:
    return await _save_message(ports, caller, body, "")


@router.get("/library-messages/{message}", operation_id="get_library_message")
async def get_message(message: str, ports: PortsDep, caller: Viewer) -> MessageView:
    try:
        return _message(await library.get_message(ports, caller.tenant, message))
    except LookupError as error:
        raise NotFound("message") from error


@router.put("/library-messages/{message}", operation_id="replace_library_message")
async def put_message(message: str, body: MessageBody, ports: PortsDep, caller: Editor) -> MessageView:
    return await _save_message(ports, caller, body, message)


@router.delete("/library-messages/{message}", operation_id="delete_library_message", status_code=204)
async def delete_message(message: str, ports: PortsDep, caller: Editor) -> None:
    try:
        await library.delete_message(ports, caller.tenant, message, caller.name)
    except LookupError as error:
        raise NotFound("message") from error


@router.get("/mail-templates", operation_id="list_mail_templates")
async def list_templates(ports: PortsDep, caller: Viewer) -> list[TemplateView]:
    return [_template(one) for one in await library.list_templates(ports, caller.tenant)]


@router.post("/mail-templates", operation_id="create_mail_template", status_code=201)
async def post_template(body: TemplateBody, ports: PortsDep, caller: Editor) -> TemplateView:
    return await _save_template(ports, caller, body, "")


@router.get("/mail-templates/{template}", operation_id="get_mail_template")
async def get_template(template: str, ports: PortsDep, caller: Viewer) -> TemplateView:
    try:
        return _template(await library.get_template(ports, caller.tenant, template))
    except LookupError as error:
        raise NotFound("template") from error


@router.put("/mail-templates/{template}", operation_id="replace_mail_template")
async def put_template(template: str, body: TemplateBody, ports: PortsDep, caller: Editor) -> TemplateView:
    return await _save_template(ports, caller, body, template)


@router.delete("/mail-templates/{template}", operation_id="delete_mail_template", status_code=204)
async def delete_template(template: str, ports: PortsDep, caller: Editor) -> None:
    try:
        await library.delete_template(ports, caller.tenant, template, caller.name)
    except LookupError as error:
        raise NotFound("template") from error


async def _save_message(ports: Ports, caller: Caller, body: MessageBody, message: str) -> MessageView:
    texts = {language: Wording(one.subject, one.body) for language, one in body.texts.items()}
    try:
        made = await library.save_message(
            ports, caller.tenant, body.category, body.name, texts, caller.name, message
        )
    except library.BadLibraryEntry as error:
        raise Problem(422, "not saved", f"Nothing was saved: {error}.") from error
    except LookupError as error:
        raise NotFound("message") from error
    return _message(made)


async def _save_template(ports: Ports, caller: Caller, body: TemplateBody, template: str) -> TemplateView:
    try:
        made = await library.save_template(
            ports, caller.tenant, body.name, body.source, caller.name, template
        )
    except library.BadLibraryEntry as error:
        raise Problem(422, "not saved", f"Nothing was saved: {error}.") from error
    except LookupError as error:
        raise NotFound("template") from error
    return _template(made)


def _message(one: LibraryMessage) -> MessageView:
    texts = {
        language: WordingBody(subject=text.subject, body=text.body) for language, text in one.texts.items()
    }
    return MessageView(
        id=one.id,
        name=one.name,
        category=one.category,
        texts=texts,
        updated_by=one.updated_by,
        updated_at=one.updated_at,
    )


def _template(one: MailTemplate) -> TemplateView:
    return TemplateView(
        id=one.id,
        name=one.name,
        source=one.source,
        updated_by=one.updated_by,
        updated_at=one.updated_at,
    )
