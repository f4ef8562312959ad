"""Every option: typed, frozen, documented, read once, by ``bootstrap`` and ``cli`` only.

Each is an environment variable ``OPULSE_<NAME>`` (or a line of ``<data folder>/opulse.env``). A secret may instead be given as
``OPULSE_<NAME>_FILE``, the path of a file that holds it; an unreadable file is an error, never an empty secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "OPULSE_"
SECRETS = ("secret_key", "smtp_password", "dkim_key", "database_url", "nats_url")
Queue = Literal["jobs", "mail", "decisions", "schedule"]
QUEUES: tuple[Queue, ...] = ("jobs", "mail", "decisions", "schedule")
"""What there is to work on beside the web server: background jobs, mails that are due, notifications to decide, the clock."""


class Settings(BaseSettings):
    """The options of one installation."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", frozen=True, extra="ignore", populate_by_name=True
    )

    data: Path = Field(
        Path(".opulse"), description="Folder that holds the database, keys, snapshots and the demo's mails."
    )
    database_url: str = Field("", description="postgresql://… ; empty: SQLite in the data folder.")
    nats_url: str = Field(
        "",
        description="nats://a,b,c: servers of a NATS cluster that spreads jobs over several processes on one PostgreSQL; "
        "empty: each looks through the table.",
    )
    queues: Annotated[tuple[Queue, ...], NoDecode] = Field(
        QUEUES,
        description="What this process works on: any of jobs, mail, decisions, schedule, comma-separated; empty: nothing.",
    )
    wing: Literal["all", "monitoring", "experience"] = Field(
        "all", description="Which half this process serves; the other one may be the real product."
    )
    host: str = Field("127.0.0.1", description="Address that the web server binds.")
    port: int = Field(8080, description="Port that the web server binds; 0 takes a free one.")
    public_url: str = Field(
        "", description="How people reach this installation, for example https://pulse.example.org."
    )
    monitoring_url: str = Field(
        "", description="Where the monitoring wing is reached; empty: the public URL."
    )
    proxy_headers: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-* headers are believed, comma-separated."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Key for secrets at rest; empty: made once in the data folder."
    )
    allow_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="host:port origins on private networks that webhooks and fetches may reach, comma-separated.",
    )
    allow_http: bool = Field(False, description="Let webhooks and fetches use plain http to public hosts.")
    webhooks_per_minute: int = Field(
        600,
        ge=0,
        description="Requests a minute that webhooks send to one host, all processes together; 0: no limit.",
    )
    smtp_host: str = Field("", description="Mail relay; empty: mail waits until one is set.")
    smtp_port: int = Field(587, description="Port of the mail relay.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="How the relay's connection is protected."
    )
    smtp_username: str = Field("", description="User name at the relay; empty: no sign-in.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the relay.")
    smtp_per_minute: int = Field(0, description="Mails per minute that the relay takes; 0: no limit known.")
    smtp_connections: int = Field(
        4,
        ge=1,
        le=64,
        description="Connections to the relay at once, up to 64: the more it allows, the sooner a large incident is mailed.",
    )
    mail_process: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Write and send mails in a process of their own, beside the one that keeps the books; auto: where there is "
        "more than one processor.",
    )
    mail_from: str = Field("", description="Default From address; also the domain of bounce addresses.")
    bounces_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which bounces and complaints are taken by SMTP or LMTP from your own mail server; 0: they are not.",
    )
    bounces_host: str = Field(
        "127.0.0.1", description="Address on which that port listens: one that only your mail server reaches."
    )
    dkim_key: SecretStr = Field(
        SecretStr(""),
        description="Private key (PEM, RSA or Ed25519) that signs mails with DKIM, where the relay does not and the tenant has "
        "no key of its own for the domain. Empty: those mails leave unsigned.",
    )
    dkim_selector: str = Field(
        "", description="Selector of that key: the public half is the DNS record SELECTOR._domainkey.DOMAIN."
    )
    dkim_domain: str = Field("", description="Domain that signs; empty: that of the From address.")
    resolver: str = Field(
        "",
        description="DNS server (address, or address:port) that the doctor asks for SPF, DKIM and DMARC records; empty: those of "
        "this machine.",
    )
    reporting_minutes: int = Field(
        15, description="A system that was silent for longer is not 'currently reporting'."
    )
    retire_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="A system that was silent for so many days is retired: it counts nowhere until it reports again; 0: never.",
    )
    scanner_networks: Path | None = Field(
        None,
        description="File with the networks from which your mail scanners open links, one a line (40.92.0.0/15): a press from "
        "there soon after the mail is asked once more.",
    )
    tick_seconds: float = Field(
        15.0, description="How often notifications are re-decided without an event, at most 60."
    )
    wave_seconds: float = Field(30.0, description="How often a pulse asks who joined an open activation.")
    clear_minutes: int = Field(
        15, description="An activation resolves once its count was below the threshold this long."
    )
    job_workers: int = Field(8, description="Background jobs that run at once in this process.")
    lease_seconds: float = Field(
        30.0,
        ge=3,
        description="On PostgreSQL, how long the work of a process that was killed waits before another takes it up.",
    )
    fault_file: Path | None = Field(
        None, description="For crash tests: a file that names the point at which this process kills itself."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe line that is logged."
    )
    log_format: Literal["json", "text"] = Field("json", description="Log lines for machines or for people.")

    otlp_endpoint: str = Field(
        "",
        description="Where OpenTelemetry traces are sent (OTLP over HTTP), for example http://collector:4318; needs the extra "
        "opulse[otel]. Empty: none.",
    )

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in ("allow_origins", "queues"):
            given = values.get(name)
            if isinstance(given, str):
                values[name] = tuple(part.strip() for part in given.split(",") if part.strip())
        return values

    @property
    def database(self) -> str:
        """The address of the database that is really used."""
        return self.database_url or f"sqlite:///{self.data / 'opulse.db'}"

    @property
    def nats_servers(self) -> tuple[str, ...]:
        """The addresses in ``nats_url``; a scheme, and a user with a password, count for those behind it that have none."""
        if not self.nats_url:
            return ()
        scheme, _, rest = self.nats_url.rpartition("://")
        user, _, hosts = rest.rpartition("@")
        sign_in = f"{user}@" if user else ""
        return tuple(
            f"{scheme or 'nats'}://{sign_in}{host.strip()}" for host in hosts.split(",") if host.strip()
        )


def load_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Read the options: overrides, then environment, then ``<data>/opulse.env``, then the defaults.

    Raises:
        ValueError: an option is wrong, or a ``_FILE`` cannot be read; the message names it.
    """
    folder = data or Path(os.environ.get(f"{PREFIX}DATA", ".opulse"))
    given: dict[str, Any] = {"data": folder}
    for name in SECRETS:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path:
            given[name] = _read_secret(name, Path(path))
    given.update(overrides)
    return Settings(_env_file=folder / "opulse.env", **given)  # type: ignore[call-arg]  # pydantic-settings' own keyword


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error.strerror}") from error
