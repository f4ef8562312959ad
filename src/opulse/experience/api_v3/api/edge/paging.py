"""Pages of a list: ``pageSize`` with ``skipToken`` or ``offset``; ``nextPage`` is the request's address with another cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query, Request

from opulse.experience.api_v3.api.edge.desk import refuse
from opulse.experience.api_v3.api.edge.paths import PREFIX

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1_000
T = TypeVar("T")


class Page:
    """Where a page begins and how long it is. ``after``: what ``skipToken`` said; ``offset`` 0 where none was sent."""

    def __init__(self, request: Request, size: int, after: str, offset: int) -> None:
        self._request = request
        self.size = size
        self.after = after
        self.offset = offset

    @property
    def sought(self) -> int:
        """How many to read: one more than is shown tells whether there is a next page."""
        return self.size + 1

    def next_by_token(self, found: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
        """What is shown of ``found`` (read with ``sought``), and the next page: after the key of the last one."""
        if len(found) <= self.size:
            return found, None
        shown = found[: self.size]
        return shown, self.link("skipToken", key(shown[-1]))

    def next_by_offset(self, found: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """As :meth:`next_by_token` for lists that count; ``found`` begins at ``offset``."""
        if len(found) <= self.size:
            return found, None
        return found[: self.size], self.link("offset", str(self.offset + self.size))

    def cut(self, everything: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """A page of a short list that is here whole; either cursor counts."""
        return self.next_by_offset(everything[self.offset : self.offset + self.sought])

    def link(self, cursor: str, value: str) -> str:
        """This request's absolute address with all its parameters and this cursor instead of the one it had."""
        query = [
            pair
            for pair in parse_qsl(self._request.url.query, keep_blank_values=True)
            if pair[0] not in ("skipToken", "offset")
        ]
        return f"{address_of(self._request)}?{urlencode([*query, (cursor, value)])}"


def base_of(request: Request) -> str:
    """Scheme, host, port and prefix as the caller reached us."""
    url, prefix = request.url, request.scope.get(PREFIX, "")
    return f"{url.scheme}://{url.netloc}{prefix}"


def address_of(request: Request) -> str:
    """Without query."""
    return f"{base_of(request)}{request.scope['path']}"


async def _page(
    request: Request,
    page_size: Annotated[int, Query(alias="pageSize", ge=1)] = PAGE_SIZE,
    skip_token: Annotated[str, Query(alias="skipToken", max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    _new: Annotated[Any, Query(alias="useNewPaginationScheme")] = None,
) -> Page:
    """Both cursors may be sent by hand; a list that counts takes a ``skipToken`` that is a number."""
    if "\0" in skip_token:
        raise refuse(400, "Missing or invalid parameter: skipToken")
    if skip_token.isdecimal() and len(skip_token) < 10:
        offset = int(skip_token)
    return Page(request, min(page_size, PAGE_SIZE_MAX), skip_token, offset)


PageDep = Annotated[Page, Depends(_page)]
