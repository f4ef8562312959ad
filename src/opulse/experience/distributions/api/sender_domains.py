"""JSON routes of the keys that sign mails, and of the DNS records to publish."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.experience.distributions.flow import sender_domains
from opulse.experience.distributions.models.library import DomainKey
from opulse.mail.signing import Algorithm
from opulse.ports import Ports
from opulse.web.access import Caller, api_admin, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["distributions"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(api_admin)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class DomainKeyBody(BaseModel):
    """A key to make."""

    domain: str = Field(max_length=253)
    selector: str = Field(max_length=63)
    algorithm: Algorithm = Algorithm.RSA


class DomainKeySwitch(BaseModel):
    """Whether a key signs."""

    active: bool


class DomainKeyView(BaseModel):
    """A key without its private half; publish ``record_text`` as a TXT record at ``record_name``."""

    id: str
    domain: str
    selector: str
    algorithm: Algorithm
    active: bool
    record_name: str
    record_text: str
    created_by: str
    created_at: datetime


class DnsRecordView(BaseModel):
    """A record to publish."""

    domain: str
    name: str
    kind: str
    text: str
    why: str


@router.get("/domain-keys", operation_id="list_domain_keys")
async def list_domain_keys(ports: PortsDep, caller: Viewer) -> list[DomainKeyView]:
    return [_view(one) for one in await sender_domains.list_domain_keys(ports, caller.tenant)]


@router.get("/dns-records", operation_id="list_dns_records")
async def list_dns_records(ports: PortsDep, caller: Viewer) -> list[DnsRecordView]:
    found = await sender_domains.list_dns_records(ports, caller.tenant)
    return [
        DnsRecordView(domain=domain, name=one.name, kind=one.kind, text=one.text, why=one.why)
        for domain, records in found.items()
        for one in records
    ]


@router.post("/domain-keys", operation_id="make_domain_key", status_code=201)
async def post_domain_key(body: DomainKeyBody, ports: PortsDep, caller: Admin) -> DomainKeyView:
    try:
        made = await sender_domains.make_domain_key(
            ports, caller.tenant, body.domain, body.selector, body.algorithm, caller.name
        )
    except sender_domains.BadDomainKey as error:
        raise Problem(422, "not made", f"No key was made: {error}.") from error
    return _view(made)


@router.put("/domain-keys/{domain_key}", operation_id="switch_domain_key")
async def put_domain_key(
    domain_key: str, body: DomainKeySwitch, ports: PortsDep, caller: Admin
) -> DomainKeyView:
    try:
        changed = await sender_domains.switch_domain_key(
            ports, caller.tenant, domain_key, caller.name, active=body.active
        )
    except LookupError as error:
        raise NotFound("domain key") from error
    return _view(changed)


@router.delete("/domain-keys/{domain_key}", operation_id="delete_domain_key", status_code=204)
async def delete_domain_key(domain_key: str, ports: PortsDep, caller: Admin) -> None:
    try:
        await sender_domains.delete_domain_key(ports, caller.tenant, domain_key, caller.name)
    except LookupError as error:
        raise NotFound("domain key") from error


def _view(one: DomainKey) -> DomainKeyView:
    return DomainKeyView(
        id=one.id,
        domain=one.domain,
        selector=one.selector,
        algorithm=one.algorithm,
        active=one.active,
        record_name=one.record_name,
        record_text=one.public,
        created_by=one.created_by,
        created_at=one.created_at,
    )
