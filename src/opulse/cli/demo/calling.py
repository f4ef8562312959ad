"""The public JSON API, called over a socket as any script would."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx2

from opulse.cli.demo.models import DemoFailed


class ApiClient:
    """Calls ``address`` with an integration key."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._client = httpx2.AsyncClient(
            base_url=address, headers={"X-API-TOKEN": key}, timeout=60, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        return await self._call("GET", path, None, query)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._call("POST", path, body, {})

    async def put(self, path: str, body: Any) -> Any:
        return await self._call("PUT", path, body, {})

    async def patch(self, path: str, body: Any) -> Any:
        return await self._call("PATCH", path, body, {})

    async def _call(self, method: str, path: str, body: Any, query: dict[str, Any]) -> Any:
        """The answer's JSON; None where it has none.

        Raises:
            DemoFailed: no answer, or one that says no.
        """
        try:
            answer = await self._client.request(method, path, json=body, params=query)
        except httpx2.HTTPError as error:
            raise DemoFailed(
                f"{self.address} does not answer ({type(error).__name__}): is the demo running?"
            ) from error
        if not answer.is_success:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {_detail(answer)}")
        return answer.json() if answer.content else None


def _detail(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    parts = [str(problem[name]) for name in ("title", "detail", "problems", "errors") if problem.get(name)]
    return "; ".join(parts)[:500] or answer.text[:200]
