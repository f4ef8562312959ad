"""The keys that sign mails, and the DNS records that a domain needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.distributions.flow import sender_domains
from opulse.experience.distributions.models.library import DomainKey
from opulse.experience.distributions.rules.records import DnsRecord, split_text
from opulse.mail.signing import Algorithm
from opulse.ports import Ports
from opulse.web.access import Caller, needs_admin, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/distributions/sender-domains", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Admin = Annotated[Caller, Depends(needs_admin)]
HOME = "/distributions/sender-domains"
ALGORITHMS = (
    (Algorithm.RSA.value, "RSA, 2,048 bits: every receiver knows it"),
    (Algorithm.ED25519.value, "Ed25519: quicker; beside an RSA key"),
)


@dataclass(frozen=True)
class SenderDomainsPage:
    """Keys, and records by domain. ``split``: a record's text as zone files want it."""

    keys: tuple[DomainKey, ...]
    records: Mapping[str, tuple[DnsRecord, ...]]
    own: str
    signs_anyway: bool
    may_edit: bool
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    algorithms: tuple[tuple[str, str], ...] = ALGORITHMS

    def split(self, text: str) -> str:
        return split_text(text)


@router.get("")
async def show_sender_domains(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """Keys and records."""
    return await _show(request, caller, ports, {}, {})


@router.post("/make")
async def save_domain_key(
    request: Request,
    caller: Admin,
    ports: PortsDep,
    domain: Annotated[str, Form(max_length=253)] = "",
    selector: Annotated[str, Form(max_length=63)] = "",
    algorithm: Annotated[Algorithm, Form()] = Algorithm.RSA,
) -> Response:
    """A new key; it signs once its record is published and it is switched on."""
    try:
        made = await sender_domains.make_domain_key(
            ports, caller.tenant, domain, selector, algorithm, caller.name
        )
    except sender_domains.BadDomainKey as error:
        typed = {"domain": domain, "selector": selector, "algorithm": algorithm.value}
        field = "selector" if "selector" in str(error) else "domain"
        return await _show(request, caller, ports, typed, {field: f"No key was made: {error}."}, 422)
    return see_other(HOME, f"Made. Publish the record {made.record_name}, then switch the key on.")


@router.post("/{domain_key}/switch")
async def save_switch(
    domain_key: str, caller: Admin, ports: PortsDep, active: Annotated[bool, Form()] = False
) -> Response:
    """On, once the record is published; off."""
    try:
        await sender_domains.switch_domain_key(ports, caller.tenant, domain_key, caller.name, active=active)
    except LookupError as error:
        raise NotFound("domain key") from error
    return see_other(HOME, "It signs mails from now on." if active else "It signs no more mails.")


@router.post("/{domain_key}/delete")
async def save_delete(domain_key: str, caller: Admin, ports: PortsDep) -> Response:
    """Forget a key."""
    try:
        found = await sender_domains.delete_domain_key(ports, caller.tenant, domain_key, caller.name)
    except LookupError as error:
        raise NotFound("domain key") from error
    said = f"Deleted. Keep the record {found.record_name} for a week: mails on their way still need it."
    return see_other(HOME, said)


async def _show(
    request: Request,
    caller: Caller,
    ports: Ports,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = 200,
) -> Response:
    records = await sender_domains.list_dns_records(ports, caller.tenant)
    context = SenderDomainsPage(
        keys=tuple(await sender_domains.list_domain_keys(ports, caller.tenant)),
        records={domain: tuple(found) for domain, found in records.items()},
        own=ports.mail_from.rpartition("@")[2],
        signs_anyway=ports.signer is not None,
        may_edit=caller.may(Role.ADMIN),
        typed=typed,
        errors=errors,
    )
    return await page(request, "distributions/sender_domains.html", context, status)
