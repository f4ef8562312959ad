"""Which addresses a token may be sent to, and how the pages of an answer follow each other. Pure."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from opulse.bridges.systrack.models import FetchRefused
from opulse.wire.affected import AffectedPage


def check_host(url: str, cloud_url: str, own_url: str, *, plain: bool = False) -> None:
    """Refuse to send a token anywhere but to the Cloud URL's host: a webhook may be unauthenticated, its URL is anybody's text.

    https only, except for our own address, and for one that the installation's options name exactly (``plain``).

    Raises:
        FetchRefused: with what to mend.
    """
    target, cloud = _split(url), _split(cloud_url if "://" in cloud_url else f"https://{cloud_url}")
    own = _split(own_url)
    if target.netloc.lower() == own.netloc.lower() == cloud.netloc.lower() and target.scheme == own.scheme:
        return
    if target.scheme != "https" and not plain:
        raise FetchRefused(f"{url!r} is not https, so the service account's token is not sent there")
    if (target.hostname, target.port or _usual(target)) != (cloud.hostname, cloud.port or _usual(target)):
        raise FetchRefused(
            f"the Systems URL points to {target.hostname!r}, but the Cloud URL is {cloud.hostname!r}: the token is not sent. "
            "If the first one is right, correct the Cloud URL in the task."
        )


def check_token_url(url: str, own_url: str, *, plain: bool = False) -> None:
    """Refuse to send the password over anything but https, except to our own address and where ``plain`` (see above).

    Raises:
        FetchRefused: with what to mend.
    """
    target, own = _split(url), _split(own_url)
    is_own = (target.scheme, target.netloc.lower()) == (own.scheme, own.netloc.lower())
    if target.scheme != "https" and not is_own and not plain:
        raise FetchRefused(f"the Token URL {url!r} is not https, so the password is not sent there")


def next_url(url: str, link: str) -> str:
    """Where a page's link leads, absolute or not.

    Raises:
        FetchRefused: it is no address.
    """
    try:
        return urljoin(url, link)
    except ValueError as error:
        raise FetchRefused(f"{link!r} is not an address") from error


def users_url(url: str, system: str) -> str:
    """Where the users of one system are asked for (systrack.md 5.4); an id can lead to no other place."""
    return urljoin(url, f"/api/systems/{quote(system, safe='')}/users")


def _usual(parts: SplitResult) -> int:
    return 80 if parts.scheme == "http" else 443


def _split(url: str) -> SplitResult:
    """The parts of an address. What two readers could read differently is refused: then the token might go where nobody looked.

    Raises:
        FetchRefused: it is no address, or carries a user name, a backslash, a space or a control character.
    """
    try:
        parts = urlsplit(url)
        readable = parts.port is None or parts.port > 0
    except ValueError as error:
        raise FetchRefused(f"{url!r} is not an address") from error
    if not readable or not parts.hostname or not url.isprintable() or " " in url or "\\" in url:
        raise FetchRefused(f"{url!r} is not an address")
    if "@" in parts.netloc:
        raise FetchRefused("the Systems URL carries a user name, which no address of this API does")
    return parts


def page_url(url: str, top: int, skip: int) -> str:
    """``url`` with ``$top`` and ``$skip``; what else it carries stays."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("$top", "$skip")
    ]
    query = urlencode([*kept, ("$top", str(top)), ("$skip", str(skip))], safe="$")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def follow_url(url: str, page: AffectedPage, asked: int, seen: Collection[str]) -> str | None:
    """The address of the page after ``page`` (asked for at ``url``, with room for ``asked`` systems); None: it was the last.

    A link leads on, a count that is not reached yet too. An answer with neither says nothing of its end: the server is asked for
    what comes after the systems that it gave, until none come. One that knows no ``$skip`` gives more than was asked for, or
    the same again: the systems that were ``seen`` before this page end it.

    Raises:
        FetchRefused: the link is no address.
    """
    if page.next_link is not None:
        return next_url(url, page.next_link)
    here = dict(parse_qsl(urlsplit(url).query))
    skip = int(here["$skip"]) if here.get("$skip", "").isascii() and here.get("$skip", "").isdigit() else 0
    given = len(page.systems)
    if not given or given > asked or all(system.system_id in seen for system in page.systems):
        return None
    more = page.total_count is None or page.total_count > skip + given
    return page_url(url, asked, skip + given) if more else None
