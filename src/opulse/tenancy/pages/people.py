"""People who sign in: add, change the role, take access away and give it back, a new password that is shown once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.people import add_person, change_password, change_person, make_password
from opulse.tenancy.models import Person, Session
from opulse.tenancy.pages.shared import Admin, PortsDep, Text
from opulse.web.access import Role
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/admin/people")
ROLES = (
    (Role.VIEWER.value, "Viewer", "Sees pages and results, changes nothing."),
    (Role.EDITOR.value, "Editor", "Makes notifications, surveys and workflows; runs and stops pulses."),
    (Role.ADMIN.value, "Administrator", "Everything, people, secrets and the mail switch included."),
)
LOCALES = (("en", "English"), ("de", "Deutsch"), ("fr", "français"), ("ar", "العربية"), ("he", "עברית"))


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everybody who may sign in, and who looks."""

    people: tuple[Person, ...]
    viewer: str


@dataclass(frozen=True, slots=True)
class NewPersonPage:
    """The form to add somebody; ``errors``: field → sentence."""

    email: str = ""
    name: str = ""
    role: str = Role.VIEWER.value
    locale: str = "en"
    errors: dict[str, str] = field(default_factory=dict)
    roles: tuple[tuple[str, str, str], ...] = ROLES
    locales: tuple[tuple[str, str], ...] = LOCALES


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person. Nobody takes their own rights away: so that an administrator always remains."""

    person: Person
    sessions: tuple[Session, ...]
    is_self: bool
    roles: tuple[tuple[str, str, str], ...] = ROLES


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """A password that is shown this once."""

    person: Person
    password: str
    is_new: bool


@router.get("")
async def show_people(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Everybody who may sign in here."""
    found = await ports.db.read(views.list_people, caller.tenant)
    return await page(request, "tenancy/people.html", PeoplePage(tuple(found), caller.user_id))


@router.get("/new")
async def show_new_person(request: Request, caller: Admin) -> Response:
    """The form to add somebody."""
    return await page(request, "tenancy/new_person.html", NewPersonPage())


@router.post("/new")
async def save_new_person(
    request: Request,
    ports: PortsDep,
    caller: Admin,
    email: Text = "",
    name: Text = "",
    role: Annotated[Role, Form()] = Role.VIEWER,
    locale: Text = "en",
) -> Response:
    """Let somebody sign in, and show their first password once."""
    password = make_password()
    locale = locale if locale in dict(LOCALES) else "en"
    try:
        person = await add_person(
            ports, caller.tenant, email, name, role, password, caller.name, locale=locale
        )
    except ValueError as error:
        form = NewPersonPage(email, name, role.value, locale, {"email": _sentence(error)})
        return await page(request, "tenancy/new_person.html", form, 422)
    return await page(request, "tenancy/password.html", PasswordPage(person, password, True), 201)


@router.get("/{person}")
async def show_person(person: str, request: Request, ports: PortsDep, caller: Admin) -> Response:
    """One person: role, access, sessions."""
    found = await _find(ports, caller, person)
    sessions = await ports.db.read(views.list_sessions, caller.tenant, person)
    context = PersonPage(found, tuple(sessions), found.id == caller.user_id)
    return await page(request, "tenancy/person.html", context)


@router.post("/{person}")
async def save_person(
    person: str,
    ports: PortsDep,
    caller: Admin,
    role: Annotated[Role, Form()],
    may_sign_in: Text = "",
) -> Response:
    """Change what somebody may do; who loses access is signed out at once."""
    found = await _find(ports, caller, person)
    address = f"/admin/people/{person}"
    if found.id == caller.user_id:
        return see_other(address, "Somebody else must change your own rights.", "red")
    if role not in (Role.ADMIN, Role.EDITOR, Role.VIEWER):
        return see_other(address, "A person is administrator, editor or viewer.", "red")
    await change_person(ports, caller.tenant, person, role, not may_sign_in, caller.name)
    return see_other(address, "Saved.")


@router.post("/{person}/password")
async def save_new_password(person: str, request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Replace somebody's password by a new one that is shown this once; their sessions end."""
    found = await _find(ports, caller, person)
    if found.id == caller.user_id:
        return see_other("/account", "Change your own password here.", "blue")
    password = make_password()
    await change_password(ports, caller.tenant, person, password, caller.name)
    return await page(request, "tenancy/password.html", PasswordPage(found, password, False))


async def _find(ports: Ports, caller: Admin, person: str) -> Person:
    found = await ports.db.read(views.find_person, caller.tenant, person)
    if found is None:
        raise NotFound("person")
    return found


def _sentence(error: ValueError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
