"""``opulse init``: the first administrator, the public address, the mail relay with a test mail. No demo data."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.command()(init)


def init(
    email: Annotated[str, typer.Option(prompt="Your e-mail address (to sign in)")],
    public_url: Annotated[str, typer.Option(prompt="Public URL of this installation")],
    data: Annotated[Path | None, typer.Option("--data", help="Data folder (OPULSE_DATA).")] = None,
    tenant: Annotated[str, typer.Option(help="Name of the organisation.")] = "Main",
    name: Annotated[str, typer.Option(help="Your name.")] = "Administrator",
    smtp_host: Annotated[str, typer.Option(help="Mail relay; empty: set it later.")] = "",
    smtp_port: Annotated[int, typer.Option(help="Port of the relay.")] = 587,
    smtp_security: Annotated[str, typer.Option(help="none, starttls or tls.")] = "starttls",
    smtp_username: Annotated[str, typer.Option(help="User name at the relay.")] = "",
    smtp_password_file: Annotated[Path | None, typer.Option(help="File with the relay's password.")] = None,
    mail_from: Annotated[str, typer.Option(help="From address of the survey mails.")] = "",
    proxy_headers: Annotated[str, typer.Option(help="Addresses of proxies whose headers are believed.")] = "",
    test_mail: Annotated[bool, typer.Option(help="Send a test mail to you.")] = True,
) -> None:
    """Set up an installation: write opulse.env, make the database, the tenant and its first administrator."""
    from opulse.bootstrap.setup import SetupRefused, Wanted, set_up

    wanted = Wanted(
        data=data or Path(".opulse"),
        tenant=tenant,
        email=email,
        name=name,
        public_url=public_url,
        smtp_host=smtp_host,
        smtp_port=smtp_port,
        smtp_security=smtp_security,
        smtp_username=smtp_username,
        smtp_password_file=smtp_password_file,
        mail_from=mail_from,
        proxy_headers=proxy_headers,
        test_mail=test_mail,
    )
    try:
        done = asyncio.run(set_up(wanted))
    except SetupRefused as error:
        typer.echo(f"opulse init: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"Options:   {done.env_file}")
    typer.echo(f"Sign in:   {wanted.public_url}/sign-in as {email}")
    typer.echo(f"Password:  {done.password}   (shown once; change it after signing in)")
    typer.echo(f"Test mail: {done.mail}")
    typer.echo(
        "Mail goes to allow-listed addresses only until an administrator opens it under Tenant Information."
    )
    typer.echo(f"Start it:  opulse serve --data {wanted.data}")
