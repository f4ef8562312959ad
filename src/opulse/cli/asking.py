"""One request of a command to a running installation, and what its refusal says."""

from __future__ import annotations

from typing import Any


def ask(server: str, key: str, path: str, *, timeout: float = 60, **request: Any) -> dict[str, Any]:
    """POST to ``path`` with the tenant's key; the JSON object of the answer. ``request``: as httpx2 takes it.

    Raises:
        ValueError: there is no key, or the installation refuses; its own words are in the text.
        OSError: nobody answers at that address.
    """
    found: dict[str, Any] = _send("POST", server, key, path, timeout, request).json()
    return found


def fetch(server: str, key: str, path: str, *, timeout: float = 60) -> bytes:
    """GET ``path`` with the tenant's key; the answer as it came. Raises as :func:`ask`."""
    content: bytes = _send("GET", server, key, path, timeout, {}).content
    return content


def _send(method: str, server: str, key: str, path: str, timeout: float, request: dict[str, Any]) -> Any:
    import httpx2

    if not key:
        raise ValueError("the installation asks for a key: --key-file FILE, or --key")
    headers = {"X-API-TOKEN": key, **request.pop("headers", {})}
    try:
        answer = httpx2.request(
            method, f"{server.rstrip('/')}{path}", headers=headers, timeout=timeout, **request
        )
    except httpx2.HTTPError as error:
        raise OSError(f"{server} does not answer: {type(error).__name__}") from error
    if not answer.is_success:
        raise ValueError(f"{server} answered {answer.status_code}: {_detail(answer)}")
    return answer


def _detail(answer: Any) -> str:
    try:
        problem = answer.json()
        return str(problem.get("detail") or problem.get("title"))
    except (ValueError, AttributeError):
        return str(answer.text)[:200]
