"""Where to ask, as whom, and what came."""

from __future__ import annotations

from dataclasses import dataclass, field

from opulse.wire.affected import AffectedPage

FIRST_PAGE = 50  # systems: the first mails leave while the rest is still being fetched


class FetchRefused(Exception):
    """The other product cannot be asked, and no further try helps; the message says what to mend."""


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
