"""The pages of an affected-systems address, with the users of each system, however the server tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Set

import msgspec

from opulse.bridges.systrack.asking import get
from opulse.bridges.systrack.models import FIRST_PAGE, Fetched, Source
from opulse.bridges.systrack.patience import ask_patiently
from opulse.bridges.systrack.rules import check_host, follow_url, page_url, users_url
from opulse.bridges.systrack.sending import ComeAgain, unreadable
from opulse.bridges.systrack.tokens import TokenKeeper
from opulse.ports import Ports
from opulse.wire.affected import AffectedPage, AffectedSystem, AffectedUser
from opulse.wire.affected_reading import decode_page, decode_users
from opulse.wire.errors import CutShort, UnreadableBody

AT_ONCE = 8  # systems whose users are asked for at the same time
_MARKS = 1_000

Known = Callable[[Set[str]], Awaitable[Set[str]]]


class Bookmarks:
    """Where a reading broke off, by whose it was: the next try goes on there. In memory: after a crash it begins again."""

    def __init__(self) -> None:
        self._at: dict[str, str] = {}

    def find(self, whose: str) -> str:
        """The address of the page that was not read; empty: from the beginning."""
        return self._at.get(whose, "")

    def put(self, whose: str, url: str) -> None:
        self._at.pop(whose, None)
        self._at[whose] = url
        if len(self._at) > _MARKS:  # readings that nobody took up again
            self._at.pop(next(iter(self._at)))

    def drop(self, whose: str) -> None:
        self._at.pop(whose, None)


async def read_pages(
    ports: Ports,
    keeper: TokenKeeper,
    source: Source,
    systems_url: str,
    known: str = "",
    *,
    taken: Known,
    marks: Bookmarks,
    whose: str,
) -> AsyncIterator[Fetched]:
    """The pages of an affected-systems address, a small one first. Every address is checked before the token goes there.

    No pages where the server says that nothing changed since it gave the validator ``known``.

    Args:
        taken: which of some systems were taken before: their users are not asked for again, and they come without.
        marks, whose: where a reading that broke off goes on.

    Raises:
        FetchRefused: the address, the credentials or the answer are wrong; the message says what to mend.
        ComeAgain: the other product stays slow, busy or down, also when asked again at once; try the task again.
    """
    check_host(systems_url, source.cloud_url, ports.monitoring_url, plain=ports.http.is_named(systems_url))
    start = page_url(systems_url, FIRST_PAGE, 0)
    url: str | None = marks.find(whose) or start
    asked = FIRST_PAGE if url == start else ports.limits.page_size
    read: set[str] = set()
    systems: set[str] = set()
    while url is not None and url not in read:
        read.add(url)
        try:
            fetched = await _page(ports, keeper, source, url, known if url == start else "", taken)
            if (
                fetched is not None and url != start
            ):  # a validator stands for what was read from the beginning
                fetched = Fetched(fetched.page, "")
        except ComeAgain:
            marks.put(whose, url)
            raise
        if fetched is None:
            break
        yield fetched
        page = fetched.page
        if url == start and page.next_link is not None and len(page.systems) == FIRST_PAGE:
            url = page_url(systems_url, ports.limits.page_size, FIRST_PAGE)
        else:
            url = follow_url(url, page, asked, systems)
        systems.update(system.system_id for system in page.systems)
        asked = ports.limits.page_size
    marks.drop(whose)


async def _page(
    ports: Ports, keeper: TokenKeeper, source: Source, url: str, known: str, taken: Known
) -> Fetched | None:
    async def ask() -> Fetched | None:
        answer = await get(ports, keeper, source, url, known)
        if answer.status == 304:
            return None
        try:
            return Fetched(decode_page(answer.body).page, answer.headers.get("etag", ""))
        except UnreadableBody as error:
            raise unreadable(url, "the affected-systems answer", error) from error

    fetched = await ask_patiently(ports, ask)
    if fetched is None:
        return None
    page = fetched.page
    silent = {system.system_id for system in page.systems if system.users is None}
    if silent:
        page = await _with_users(ports, keeper, source, url, page, silent - await taken(silent))
    return Fetched(page, fetched.tag)


async def _with_users(
    ports: Ports, keeper: TokenKeeper, source: Source, url: str, page: AffectedPage, wanted: Set[str]
) -> AffectedPage:
    """Some servers list systems only; then each one's users are asked for (systrack.md 5.4), one by one."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(system: str) -> tuple[str, list[AffectedUser]]:
        async with turns:
            return system, await _users(ports, keeper, source, users_url(url, system))

    tasks = [asyncio.create_task(ask(system)) for system in sorted(wanted)]
    try:
        users = dict(await asyncio.gather(*tasks))
    finally:
        for task in tasks:  # one that failed ends the page: the others need not go on
            task.cancel()
    return msgspec.structs.replace(page, systems=[_given(system, users) for system in page.systems])


def _given(system: AffectedSystem, users: dict[str, list[AffectedUser]]) -> AffectedSystem:
    if system.users is not None:
        return system
    return msgspec.structs.replace(system, users=users.get(system.system_id, []))


async def _users(ports: Ports, keeper: TokenKeeper, source: Source, url: str) -> list[AffectedUser]:
    """The users of one system; nobody where the server does not know it or tells it unreadably.

    Raises:
        FetchRefused: the account may not ask.
        ComeAgain: no answer within all tries.
    """

    async def ask() -> list[AffectedUser]:
        answer = await get(ports, keeper, source, url, what="users")
        try:
            return decode_users(answer.body)
        except CutShort as error:
            raise unreadable(url, "the users answer", error) from error
        except UnreadableBody:
            return []

    return await ask_patiently(ports, ask)
