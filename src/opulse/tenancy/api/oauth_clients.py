"""``/api/v1/oauth-clients`` and a person's API token: what programs of the API v3 sign in with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel

from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow import access_tokens
from opulse.web.access import Caller, api_admin, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["tenancy"])
PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(api_admin)]


class ClientIn(BaseModel):
    """``person``: whose rights the client has; ``scopes`` such as ``manage:directory_contacts``, or ``manage:all``."""

    name: str
    person: str
    scopes: list[str]


class ClientMade(BaseModel):
    """The secret is shown here and never again."""

    client_id: str
    client_secret: str


class ClientView(BaseModel):
    client_id: str
    name: str
    person: str
    scopes: list[str]
    created_at: AwareDatetime


@router.post("/oauth-clients", operation_id="create_oauth_client", status_code=201)
async def post_client(body: ClientIn, ports: PortsDep, caller: Admin) -> ClientMade:
    try:
        client, secret = await access_tokens.create_client(
            ports, caller.tenant, body.name, body.person, body.scopes, caller.name
        )
    except LookupError as error:
        raise NotFound("person") from error
    except ValueError as error:
        raise Problem(422, "not a valid client", str(error)) from error
    return ClientMade(client_id=client.id, client_secret=secret)


@router.get("/oauth-clients", operation_id="list_oauth_clients")
async def get_clients(ports: PortsDep, caller: Admin) -> list[ClientView]:
    """Those that are not revoked."""
    found = await ports.db.read(views.list_clients, caller.tenant)
    return [
        ClientView(
            client_id=one.id,
            name=one.name,
            person=one.person,
            scopes=list(one.scopes),
            created_at=one.created_at,
        )
        for one in found
    ]


@router.delete("/oauth-clients/{oauth_client}", operation_id="revoke_oauth_client", status_code=204)
async def delete_client(oauth_client: str, ports: PortsDep, caller: Admin) -> None:
    """The client gets no token any more, and those that it has open nothing."""
    if not await access_tokens.revoke_client(ports, caller.tenant, oauth_client, caller.name):
        raise NotFound("client")
