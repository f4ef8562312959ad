"""Forgetting people and forgetting by age, for administrators."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.privacy import views
from opulse.experience.privacy.flow.erasing import erase, look_for, read_keys
from opulse.experience.privacy.flow.retention import set_terms
from opulse.experience.privacy.models import Erasure, ErasureState, Found, PrivacyRefused, Terms
from opulse.ports import Ports
from opulse.web.access import Caller, needs_admin, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(include_in_schema=False, prefix="/admin/privacy")

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(needs_admin)]
Text = Annotated[str, Form()]
TERMS = (
    ("answer_link", "Who gave an answer", "Then the answer stays and leads to nobody."),
    ("comments", "Comments", "Free texts of answers; what was chosen stays."),
    ("mail_log", "Names in the mail log", "Address, name and the relay's words of every invitation."),
    ("changes", "Changes of contacts", "What changed on whom, as workflows saw it."),
    ("refused_rows", "Refused rows of files", "As they stood in the file."),
)


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """The terms, the form of an erasure with what it would touch, and what was erased."""

    days: dict[str, str]
    erasures: tuple[Erasure, ...]
    keys: str = ""
    found: Found | None = None
    errors: dict[str, str] = field(default_factory=dict)
    terms: tuple[tuple[str, str, str], ...] = TERMS

    @property
    def moves(self) -> bool:
        """Whether there will be news."""
        return any(one.state is ErasureState.RUNNING for one in self.erasures)


@router.get("")
async def show_privacy(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Terms and erasures."""
    return await _show(request, ports, caller)


@router.post("/retention")
async def save_terms(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Set for how many days things are kept."""
    sent = await request.form(max_files=0)
    days = {name: str(sent.get(name) or "").strip() for name, _, _ in TERMS}
    errors = {
        name: "Write a whole number of days; 0 keeps it without end."
        for name, text in days.items()
        if not text.isdigit()
    }
    if not errors:
        try:
            terms = Terms(**{name: int(text) for name, text in days.items()})
            await set_terms(ports, caller.tenant, terms, caller.name)
        except PrivacyRefused as error:
            errors = {"answer_link": f"{str(error)[:1].upper()}{str(error)[1:]}."}
    if errors:
        return await _show(request, ports, caller, days=days, errors=errors)
    return see_other("/admin/privacy", "Saved. What is older is forgotten within six hours.")


@router.post("/erasures")
async def save_erasure(
    request: Request, ports: PortsDep, caller: Admin, keys: Text = "", do: Text = ""
) -> Response:
    """Show what an erasure would touch, or carry it out."""
    try:
        wanted = read_keys(keys)
    except PrivacyRefused as error:
        errors = {"keys": f"{str(error)[:1].upper()}{str(error)[1:]}."}
        return await _show(request, ports, caller, keys=keys, errors=errors)
    if do != "erase":
        found = await look_for(ports, caller.tenant, wanted)
        return await _show(request, ports, caller, keys="\n".join(wanted), found=found)
    await erase(ports, caller.tenant, wanted, caller.name)
    return see_other("/admin/privacy", "They are being forgotten; the report stands below.")


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    *,
    days: dict[str, str] | None = None,
    keys: str = "",
    found: Found | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    stored = {
        name: str(value)
        for name, value in asdict(await ports.db.read(views.find_terms, caller.tenant)).items()
    }
    erasures = await ports.db.read(views.list_erasures, caller.tenant)
    context = PrivacyPage(days or stored, tuple(erasures), keys, found, errors or {})
    return await page(request, "privacy/privacy.html", context, 422 if errors else 200)
