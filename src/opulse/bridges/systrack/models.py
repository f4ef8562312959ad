"""Where to ask, as whom, and what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from opulse.jobs import JobRetry
from opulse.wire.affected import AffectedPage

FIRST_PAGE = 50  # systems: the first mails leave while the rest is still being fetched


class FetchRefused(Exception):
    """The other product cannot be asked, and no further try helps; the message says what to mend."""


class ComeAgain(JobRetry):
    """The other product is slow, busy or down: the same request may do better in ``seconds``.

    ``asked``: the seconds that its Retry-After wants; None where it wants nothing. ``slow``: no answer came in time.
    """

    def __init__(
        self,
        seconds: float,
        why: str,
        *,
        asked: float | None = None,
        slow: bool = False,
        since: datetime | None = None,
    ) -> None:
        super().__init__(seconds, why, since=since)
        self.asked = asked
        self.slow = slow


@dataclass(frozen=True)
class Source:
    """Where to ask, and as whom: a service account's user name and password, or an API key (then no token is fetched)."""

    token_url: str
    cloud_url: str
    client_id: str
    username: str
    password: str = field(repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Fetched:
    """A page, and the validator that came with the first one; empty where the server gives none."""

    page: AffectedPage
    tag: str


@dataclass(frozen=True)
class Named:
    """A sensor (with its category) or a group of the other product."""

    name: str
    category: str = ""
