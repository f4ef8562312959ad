"""The tenant's one library and its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from opulse.experience.api_v3.api.asked import Json, body_of, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, PageDep, manages, reads, refuse
from opulse.experience.api_v3.api.users import user_id
from opulse.experience.api_v3.rules.owners import library_id
from opulse.experience.distributions.flow import library
from opulse.experience.distributions.models import Wording
from opulse.experience.distributions.models.library import LibraryMessage, MessageCategory
from opulse.web.access import Caller
from opulse.web.errors import Problem

router = survey_router()
Reader = Annotated[Caller, Depends(reads("libraries"))]
Manager = Annotated[Caller, Depends(manages("libraries"))]


@router.get("/libraries", operation_id="v3_list_libraries")
async def list_libraries(desk: DeskDep, caller: Reader, page: PageDep) -> Response:
    """One library per tenant."""
    whole = [{"libraryId": library_id(caller.tenant), "libraryName": "Library"}]
    return desk.page(*page.cut(whole))


@router.get("/libraries/{library_name}/messages", operation_id="v3_list_messages")
async def list_messages(
    library_name: IdPath,
    desk: DeskDep,
    caller: Reader,
    page: PageDep,
    category: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Messages by name; of one category, or all."""
    _check(caller, library_name)
    found = await library.list_messages(
        desk.ports, caller.tenant, _category(category).value if category else ""
    )
    shown, next_page = page.cut(found)
    elements = [{"id": one.id, "description": one.name, "category": one.category.value} for one in shown]
    return desk.page(elements, next_page)


@router.post("/libraries/{library_name}/messages", operation_id="v3_create_message")
async def post_message(library_name: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """A further message; its texts by language code."""
    _check(caller, library_name)
    return desk.ok({"id": (await _save(desk, caller, await body_of(request), None)).id})


@router.get("/libraries/{library_name}/messages/{message}", operation_id="v3_get_message")
async def get_message(library_name: IdPath, message: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """One message with its texts."""
    _check(caller, library_name)
    found = await _get(desk, caller, message)
    texts = {language: _told(found.category, one) for language, one in found.texts.items()}
    return desk.ok({"category": found.category.value, "description": found.name, "messages": texts})


@router.put("/libraries/{library_name}/messages/{message}", operation_id="v3_update_message")
async def put_message(
    library_name: IdPath, message: IdPath, request: Request, desk: DeskDep, caller: Manager
) -> Response:
    """Change it; what the body does not name stays."""
    _check(caller, library_name)
    await _save(desk, caller, await body_of(request), await _get(desk, caller, message))
    return desk.done()


@router.delete("/libraries/{library_name}/messages/{message}", operation_id="v3_delete_message")
async def delete_message(library_name: IdPath, message: IdPath, desk: DeskDep, caller: Manager) -> Response:
    """Forget it; distributions keep the copy that they were made with."""
    _check(caller, library_name)
    try:
        await library.delete_message(desk.ports, caller.tenant, message, caller.name)
    except LookupError as error:
        raise _unknown(message) from error
    return desk.done()


async def _save(desk: DeskDep, caller: Caller, body: Json, known: LibraryMessage | None) -> LibraryMessage:
    category = _category(body.get("category") or (known.category.value if known else ""))
    name = body.get("description", known.name if known else "")
    given = body.get("messages")
    if given is None and known is not None:
        texts: Mapping[str, Wording] = known.texts
    else:
        texts = _texts(category, given, known)
    if not isinstance(name, str):
        raise refuse(400, "Missing or invalid parameter: description is a text.", "GP_0")
    try:
        return await library.save_message(
            desk.ports, caller.tenant, category, name, texts, caller.name, known.id if known else ""
        )
    except library.BadLibraryEntry as error:
        raise refuse(400, " ".join(error.problems), "GP_0") from error


def _texts(category: MessageCategory, given: Any, known: LibraryMessage | None) -> dict[str, Wording]:
    """A message of the category emailSubject is a subject; of every other it is a body, which keeps the subject it had."""
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise refuse(400, "Missing or invalid parameter: messages maps a language to its text.", "GP_0")
    if category is MessageCategory.EMAIL_SUBJECT:
        return {language: Wording(subject=text) for language, text in given.items()}
    had = known.texts if known else {}
    return {language: Wording(had.get(language, Wording()).subject, text) for language, text in given.items()}


def _told(category: MessageCategory, text: Wording) -> str:
    return text.subject if category is MessageCategory.EMAIL_SUBJECT else text.body


async def _get(desk: DeskDep, caller: Caller, message: str) -> LibraryMessage:
    try:
        return await library.get_message(desk.ports, caller.tenant, message)
    except LookupError as error:
        raise _unknown(message) from error


def _category(word: object) -> MessageCategory:
    try:
        return MessageCategory(str(word))
    except ValueError as error:
        known = ", ".join(one.value for one in MessageCategory)
        raise refuse(400, f"Missing or invalid parameter: category is one of {known}.", "GP_0") from error


def _check(caller: Caller, library_name: str) -> None:
    """The tenant's library. Programs also name it by the user's own id, as they may there: it is the user's library too."""
    if library_name not in (library_id(caller.tenant), user_id(caller.user_id or caller.key_id)):
        raise refuse(404, f"Library {library_name} not found: GET /libraries names yours.", "ESSG_2")


def _unknown(message: str) -> Problem:
    return refuse(404, f"{message} not found", "ESSG_2")
