"""``POST /oauth2/token``, outside of ``/API/v3`` and without its envelope: client credentials in every form that clients send.

Clients that put one base before every address ask below ``/API/v3``; they get the same answer.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse

from opulse.ports import Ports
from opulse.tenancy.flow.access_tokens import ACCESS_SECONDS, GrantRefusal, grant
from opulse.web.access import Open, ports_of

router = APIRouter(tags=["qualtrics api v3"])
DOOR = Open("a credential is what the caller sends here")
REFUSAL_SECONDS = 0.5

_WORDS = {
    GrantRefusal.INVALID_CLIENT: "The client id or secret is not valid.",
    GrantRefusal.INVALID_SCOPE: "A scope is unknown, or this client may not have it.",
    GrantRefusal.UNSUPPORTED_GRANT: "Send grant_type=client_credentials.",
}


@router.post("/API/v3/oauth2/token", operation_id="v3_issue_token_below", dependencies=[Depends(DOOR)])
@router.post("/oauth2/token", operation_id="v3_issue_token", dependencies=[Depends(DOOR)])
async def post_token(
    request: Request,
    ports: Annotated[Ports, Depends(ports_of)],
    grant_type: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = "",
    client_id: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
) -> JSONResponse:
    """Basic, or id and secret in the form; urlencoded or multipart. The answer is that of RFC 6749."""
    basic = _basic(request.headers.get("authorization", ""))
    number, secret = basic or (client_id, client_secret)
    answer = await grant(ports, grant_type, number, secret, scope)
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if isinstance(answer, GrantRefusal):
        unknown = answer is GrantRefusal.INVALID_CLIENT
        if unknown:
            await asyncio.sleep(REFUSAL_SECONDS)  # whoever tries secrets waits; nobody is locked out
            headers["WWW-Authenticate"] = "Basic"
        body = {"error": answer.value, "error_description": _WORDS[answer]}
        return JSONResponse(body, 401 if unknown else 400, headers)
    told = {"access_token": answer.token, "token_type": "Bearer", "expires_in": ACCESS_SECONDS}
    return JSONResponse(told | {"scope": " ".join(answer.scopes)}, headers=headers)


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret of a Basic header, each form-encoded as RFC 6749 2.3.1 has it."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        number, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (unquote_plus(number), unquote_plus(secret)) if colon else ("", "")
