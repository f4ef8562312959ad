"""Set up an installation for real use: options, schema, tenant, first administrator, test mail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import Envelope, OutcomeState
from opulse.mail.smtp import send_one
from opulse.ports import Ports
from opulse.settings import Settings, load_settings
from opulse.tenancy import list_tenants
from opulse.tenancy.flow.people import add_person, make_password
from opulse.tenancy.flow.tenants import create_tenant
from opulse.web.roles import Role
from opulse.wire.identifiers import random_text


class SetupRefused(Exception):
    """The installation was not set up; the message says what to do."""


@dataclass(frozen=True)
class Wanted:
    """What the administrator said."""

    data: Path
    tenant: str
    email: str
    name: str
    public_url: str
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_username: str
    smtp_password_file: Path | None
    mail_from: str
    proxy_headers: str
    test_mail: bool


@dataclass(frozen=True)
class Done:
    """What was made. ``mail`` is a sentence on the test mail."""

    env_file: Path
    password: str
    mail: str


async def set_up(wanted: Wanted) -> Done:
    """Set up an empty data folder.

    Raises:
        SetupRefused: it is set up already, or an answer is not usable.
    """
    env_file = wanted.data / "opulse.env"
    if env_file.exists():
        raise SetupRefused(f"{env_file} exists: this folder is set up already; add people on the page People")
    if (
        urlsplit(wanted.public_url).scheme not in ("http", "https")
        or not urlsplit(wanted.public_url).hostname
    ):
        raise SetupRefused("the public URL is an address such as https://pulse.example.org")
    wanted.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    env_file.write_text(_env_text(wanted), encoding="utf-8")
    env_file.chmod(0o600)
    try:
        return await _fill(wanted, env_file, load_settings(wanted.data))
    except Exception:
        env_file.unlink()  # so that a second try is not refused
        raise


async def _fill(wanted: Wanted, env_file: Path, settings: Settings) -> Done:
    ports = await open_ports(settings, wanted.public_url)
    try:
        await migrate(ports.db)
        if await ports.db.read(list_tenants):
            raise SetupRefused("the database has a tenant already; point --data or the database elsewhere")
        tenant = await create_tenant(ports, wanted.tenant, "opulse init")
        password = make_password()
        try:
            await add_person(ports, tenant.id, wanted.email, wanted.name, Role.ADMIN, password, "opulse init")
        except ValueError as error:
            raise SetupRefused(str(error)) from error
        mail = await _test_mail(ports, wanted) if wanted.test_mail else "not sent"
        return Done(env_file, password, mail)
    finally:
        await close_ports(ports)


async def _test_mail(ports: Ports, wanted: Wanted) -> str:
    relay = ports.relay()
    if relay is None:
        return "not sent: no relay is set (OPULSE_SMTP_HOST)"
    domain = ports.mail_from.partition("@")[2]
    parts = MessageParts(
        from_address=ports.mail_from,
        to_address=wanted.email,
        subject="Operational Pulse: test mail",
        text=f"This relay works. The console is at {wanted.public_url}.\n",
        message_id=f"{random_text(20)}@{domain}",
        date=mail_date(ports.clock.now()),
    )
    envelope = Envelope("test", ports.mail_from, wanted.email, build_frame(parts).render({}))
    outcome = await send_one(relay, envelope)
    if outcome.state is OutcomeState.ACCEPTED:
        return f"accepted by {relay.host}:{relay.port}; look into your inbox"
    return f"NOT accepted by {relay.host}:{relay.port}: {outcome.reason.value} {outcome.code or ''} {outcome.text}".strip()


def _env_text(wanted: Wanted) -> str:
    lines = ["# Options of this installation; see docs/reference/settings.md"]
    values = {
        "PUBLIC_URL": wanted.public_url.rstrip("/"),
        "SMTP_HOST": wanted.smtp_host,
        "SMTP_PORT": str(wanted.smtp_port),
        "SMTP_SECURITY": wanted.smtp_security,
        "SMTP_USERNAME": wanted.smtp_username,
        "SMTP_PASSWORD": wanted.smtp_password_file.read_text().strip() if wanted.smtp_password_file else "",
        "MAIL_FROM": wanted.mail_from,
        "PROXY_HEADERS": wanted.proxy_headers,
    }
    for name, value in values.items():
        if "\n" in value or '"' in value:
            raise SetupRefused(f"{name} holds a quotation mark or a line break")
        if value:
            lines.append(f'OPULSE_{name}="{value}"')
    return "\n".join(lines) + "\n"
