"""A message that survives one redirect: POST saves, answers 303 with it, the next GET shows it and drops it.

It travels in a cookie that scripts cannot read. A forged one shows its forger plain, escaped text and nothing else.
"""

import base64
import binascii
import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from opulse.web.components.frame import Flash
from opulse.web.components.tones import TONES

COOKIE = "opulse_flash"
_LONGEST = 600  # characters of text: a cookie holds 4 KB


def see_other(address: str, text: str = "", tone: str = "green", title: str = "") -> RedirectResponse:
    """303 to `address` (an own path), with a message to show there."""
    response = RedirectResponse(address, status_code=303)
    if text:
        packed = json.dumps([text[:_LONGEST], tone, title[:120]], ensure_ascii=False).encode()
        value = base64.urlsafe_b64encode(packed).decode()
        response.set_cookie(COOKIE, value, max_age=60, path="/", httponly=True, samesite="lax")
    return response


def read_flashes(request: Request) -> tuple[Flash, ...]:
    """The message that came with this request, if it is one."""
    raw = request.cookies.get(COOKIE)
    if not raw:
        return ()
    try:
        text, tone, title = json.loads(base64.urlsafe_b64decode(raw.encode()))
    except (ValueError, TypeError, binascii.Error):
        return ()
    return (Flash(str(text), str(tone) if tone in TONES else "gray", str(title)),)


def forget_flashes(request: Request, response: Response) -> None:
    """Drops the message once a page has shown it."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
