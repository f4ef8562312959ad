"""What a flow needs from outside, in one typed bundle that ``bootstrap`` joins and hands to every route and job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from opulse.clock import Clock
from opulse.db import Database
from opulse.mail.models import Relay
from opulse.mail.signing import Signer
from opulse.mail.smtp import RelayPool
from opulse.outbound import OutboundClient
from opulse.outbound.networks import Networks
from opulse.wire.tokens import LinkTokens


class SecretUnreadable(Exception):
    """A stored secret was written with a key that this installation does not have; restore the key file."""


class SecretBox:
    """Secrets at rest. The first key encrypts, every key decrypts."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a secret box needs at least one key")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise SecretUnreadable(str(SecretUnreadable.__doc__)) from error


@dataclass(frozen=True)
class Limits:
    """What an administrator may change; the defaults are the decided ones of spine.md."""

    reporting: timedelta = timedelta(minutes=15)  # silent for longer: not "currently reporting"
    retire_after: timedelta | None = None  # silent for longer: retired; None: never
    clear_delay: timedelta = timedelta(minutes=15)  # below the threshold this long: resolved
    rearm: timedelta = timedelta(minutes=240)  # after a dismissal by hand
    tick_seconds: float = 15.0
    wave_seconds: float = 30.0
    wave_window: timedelta = timedelta(hours=2)  # an activation open for longer asks no newcomers
    alarm_life: timedelta = timedelta(hours=24)  # of lastAlarm
    link_life: timedelta = timedelta(hours=24)  # of an individual link in a pulse
    send_by: timedelta = timedelta(minutes=60)  # an invitation not sent by then is too late
    finish_grace: timedelta = timedelta(hours=2)  # a session begun in time may finish within this
    first_chunk: int = 50  # invitations that leave while later pages are still coming
    page_size: int = 1000  # systems per page of the affected-systems API
    event_bytes: int = 100_000
    events_per_minute: int = 3_000
    runs_per_day: int = 300_000
    webhooks_per_minute: int = 600  # to one host, by all processes together; 0: no limit
    cell: int = 5  # groups smaller than this are hidden
    comment_cell: int = 10
    scanners: Networks = field(
        default_factory=Networks
    )  # whence mail scanners open links; half a sign of a machine


@dataclass(frozen=True)
class Ports:
    """Everything a flow may reach beyond its own process. Frozen; tests build one with a ManualClock."""

    db: Database
    clock: Clock
    http: OutboundClient
    relays: RelayPool
    relay: Callable[[], Relay | None]  # the installation's mail relay as set now; None: mail waits
    links: LinkTokens
    secrets: SecretBox
    digest_key: bytes  # keyed digests of machine credentials
    public_url: str  # where people reach the respondent's page and the console, without a trailing slash
    monitoring_url: str  # where the affected-systems API is reached
    mail_from: str  # default From address; its domain carries bounce addresses
    limits: Limits = field(default_factory=Limits)
    resolver: str = ""  # DNS server that is asked for records of sending domains; empty: this machine's
    signer: Signer | None = None  # signs mails with DKIM; None: the relay does, or nobody
