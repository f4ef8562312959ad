"""One answer for every error: a page for people, ``application/problem+json`` (RFC 9457) for machines."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from opulse.web.access import NotAllowed, NotSignedIn


class Problem(Exception):
    """An error that a caller can mend. ``detail`` says what to do; ``extra`` joins the problem body."""

    def __init__(self, status: int, title: str, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.extra = extra


class NotFound(Problem):
    """404: unknown here, or another tenant's: the answer is the same."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"{what} not found", f"There is no such {what} here.")


def wants_page(request: Request) -> bool:
    """A browser that follows a link or sends a form, not a program that calls the API."""
    return "text/html" in request.headers.get("accept", "")


def install_errors(app: FastAPI) -> None:
    """Give ``app`` the handlers; pages are rendered by ``app.state.show_error`` when bootstrap has set one."""

    @app.exception_handler(NotSignedIn)
    async def _not_signed_in(request: Request, error: NotSignedIn) -> Response:
        if wants_page(request) and request.method == "GET":
            return RedirectResponse(f"/sign-in?next={request.url.path}", status_code=303)
        return _answer(request, Problem(401, "not signed in", "Send a valid key or sign in."))

    @app.exception_handler(NotAllowed)
    async def _not_allowed(request: Request, error: NotAllowed) -> Response:
        return _answer(request, Problem(403, "not allowed", str(error)))

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return _answer(request, error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return _answer(request, Problem(error.status_code, str(error.detail)))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        problems = [
            {"where": "/".join(str(part) for part in item["loc"]), "what": item["msg"]}
            for item in error.errors()
        ]
        return _answer(request, Problem(422, "the request does not fit", "See errors.", errors=problems))


def _answer(request: Request, problem: Problem) -> Response:
    if wants_page(request) and hasattr(request.app.state, "show_error"):
        page: Response = request.app.state.show_error(request, problem.status, problem.title, problem.detail)
        return page
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extra,
    }
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return JSONResponse(body, problem.status, headers=headers, media_type="application/problem+json")
