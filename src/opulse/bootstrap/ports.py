"""Join the settings to the outside: database, outbound HTTP, mail relay, keys."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from opulse.bootstrap.keys import load_keys
from opulse.clock import Clock, SystemClock
from opulse.db import open_database
from opulse.mail.models import Relay, Security
from opulse.mail.shared_rate import shared_rate
from opulse.mail.signing import Signer
from opulse.mail.smtp import RelayPool
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.outbound.networks import Networks
from opulse.ports import Limits, Ports, SecretBox
from opulse.settings import Settings
from opulse.wire.tokens import LinkTokens

_SECURITY = {"none": Security.OFF, "starttls": Security.REQUIRED, "tls": Security.TLS}


async def open_ports(settings: Settings, public_url: str, clock: Clock | None = None) -> Ports:
    """Everything that flows need. ``public_url`` is where people reach this process, when the settings do not say.

    Raises:
        ValueError: a setting is wrong; the message says which.
    """
    clock = clock or SystemClock()
    keys = load_keys(settings)
    public = (settings.public_url or public_url).rstrip("/")
    monitoring = (settings.monitoring_url or public).rstrip("/")
    origins = {origin(public), origin(monitoring), *settings.allow_origins}
    policy = AddressPolicy.of(origins=origins, allow_http=settings.allow_http)
    relay, signer = make_relay(settings), make_signer(settings)
    db = await open_database(settings.database)
    return Ports(
        db=db,
        clock=clock,
        http=OutboundClient(policy, clock),
        # one process sends from a SQLite database; those that share a PostgreSQL share each relay's rate too
        relays=RelayPool(clock, partial(shared_rate, db, clock) if db.dialect == "postgresql" else None),
        relay=lambda: relay,
        links=LinkTokens(list(keys.links)),
        secrets=SecretBox(list(keys.sealing)),
        digest_key=keys.digest,
        public_url=public,
        monitoring_url=monitoring,
        mail_from=settings.mail_from or "pulse@localhost.localdomain",
        limits=make_limits(settings),
        resolver=settings.resolver,
        signer=signer,
    )


async def close_ports(ports: Ports) -> None:
    await ports.relays.close()
    await ports.http.aclose()
    await ports.db.close()


def make_relay(settings: Settings) -> Relay | None:
    """The relay of the settings; None when no host is set."""
    if not settings.smtp_host:
        return None
    return Relay(
        settings.smtp_host,
        settings.smtp_port,
        _SECURITY[settings.smtp_security],
        settings.smtp_username,
        settings.smtp_password.get_secret_value(),
        settings.smtp_per_minute or None,
        settings.smtp_connections,
    )


def make_signer(settings: Settings) -> Signer | None:
    """What signs mails; None when no key is set. Raises ValueError where it could not sign."""
    key = settings.dkim_key.get_secret_value()
    if not key:
        return None
    domain = settings.dkim_domain or settings.mail_from.rpartition("@")[2]
    signer = Signer(domain, settings.dkim_selector, key)
    signer.check()
    return signer


def make_limits(settings: Settings) -> Limits:
    return Limits(
        reporting=timedelta(minutes=settings.reporting_minutes),
        retire_after=timedelta(days=settings.retire_days) if settings.retire_days else None,
        clear_delay=timedelta(minutes=settings.clear_minutes),
        tick_seconds=min(settings.tick_seconds, 60.0),
        wave_seconds=settings.wave_seconds,
        webhooks_per_minute=settings.webhooks_per_minute,
        scanners=Networks.read(settings.scanner_networks) if settings.scanner_networks else Networks(),
    )


def origin(url: str) -> str:
    """``host:port`` of an address, as the address guard wants it."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
