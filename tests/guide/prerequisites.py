"""What has to be there before the guide's first step: in Qualtrics its *Prerequisites for Configuration*, in SysTrack systems
with users, the service account and what Tenant Information says."""

from __future__ import annotations

from tests.guide.desk import Desk, Notes, Part
from tests.guide.halves import DOMAIN

SYSTEMS = 6

systrack = Part("Before you start, SysTrack", "systrack")
qualtrics = Part("Before you start, Qualtrics", "qualtrics")


def address_of(number: int) -> str:
    """Of the person in front of the system of this number, from 1."""
    return f"person.{number}@{DOMAIN}"


@qualtrics.step(1)
async def install_the_extension(desk: Desk, notes: Notes) -> None:
    """Install the Operational Pulse extension in Qualtrics."""
    await desk.menu("Connect", "Extensions")
    await desk.link("Operational Pulse")
    await desk.paste("Domains it may call", "127.0.0.1")
    await desk.tick("Workflows of this tenant may use it")
    await desk.press("Accept and install")
    await desk.is_shown("Installed")


@qualtrics.step(2)
async def make_a_directory(desk: Desk, notes: Notes) -> None:
    """Create a directory of users; its ID is needed in a workflow."""
    await desk.menu("Ask", "Directory")
    await desk.type("Name", "Default directory")
    await desk.press("Make the directory")
    await desk.menu("Ask", "Directory")
    await desk.link("Default directory")
    await desk.link("Import")
    rows = [f"{address_of(number)},Person,{number},en" for number in range(1, SYSTEMS + 1)]
    await desk.paste("Or paste the table", "\n".join(["Email,FirstName,LastName,Language", *rows]))
    await desk.press("Import", desk.page.locator("main form"))
    await desk.is_shown(str(SYSTEMS))


@qualtrics.step(3)
async def make_a_mailing_list(desk: Desk, notes: Notes) -> None:
    """Create Qualtrics mailing lists for the surveys."""
    await desk.menu("Ask", "Directory")
    await desk.link("Default directory")
    await desk.link("Mailing lists")
    await desk.type("Name", "Asked in incidents")
    await desk.press("Make the list")
    await desk.is_shown("Asked in incidents")


@qualtrics.step(4)
async def make_an_api_token(desk: Desk, notes: Notes) -> None:
    """Create an API token in Qualtrics, and find the ids."""
    await desk.menu("Connect", "Qualtrics IDs")
    notes.directory_id = await desk.copy("Default directory (default directory)")
    notes.list_id = await desk.copy("Mailing list Asked in incidents")
    await desk.type("Name", "Webhook of SysTrack")
    await desk.press("Make the token")
    notes.api_token = await desk.copy("Key")
    await desk.link("I have copied it")


@qualtrics.step(5)
async def allow_mail(desk: Desk, notes: Notes) -> None:
    """Ours: a new installation mails nobody until somebody says whom."""
    await desk.menu("Administration", "Tenant Information")
    await desk.paste("Allow list", f"@{DOMAIN}")
    await desk.press("Save")
    await desk.is_shown("Only addresses on the allow list get mail")


@systrack.step(1)
async def know_the_systems(desk: Desk, notes: Notes) -> None:
    """Systems with the people who use them, from a table."""
    await desk.menu("Systems")
    await desk.link("Import")
    rows = [f"PC-{number},person.{number},{address_of(number)},true" for number in range(1, SYSTEMS + 1)]
    table = "\n".join(["name,user.user_id,user.email,user.is_primary", *rows])
    await desk.page.set_input_files(
        "input[name=file]", {"name": "systems.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    await desk.press("Next: where its fields go")
    await desk.is_shown("user.is_primary")
    await desk.press("Import", desk.page.locator("main form"))
    await desk.is_shown("Every record was taken or refused.")
    await desk.menu("Systems")
    await desk.link("PC-1")
    await desk.is_shown(address_of(1))


@systrack.step(2)
async def make_a_service_account(desk: Desk, notes: Notes) -> None:
    """Under Administration, Manage Service Accounts: a user name and a password."""
    await desk.menu("Administration", "Service Accounts")
    await desk.type("Name", "Operational Pulse")
    await desk.press("Make the account")
    notes.account_name = await desk.copy("SysTrack API Account")
    await desk.menu("Administration", "Service Accounts")
    await desk.link("Show password")
    await desk.press("Show it")
    notes.account_password = await desk.copy("API Token")


@systrack.step(3)
async def read_the_tenant_information(desk: Desk, notes: Notes) -> None:
    """Client ID, Cloud URL and Token URL stand on the Tenant Information page."""
    await desk.menu("Administration", "Tenant Information")
    notes.token_url = await desk.copy("Token URL")
    notes.cloud_url = await desk.copy("Cloud URL")
    notes.client_id = await desk.copy("Client ID")


@systrack.step(4)
async def make_a_key_for_the_agents(desk: Desk, notes: Notes) -> None:
    """Ours: what machines report their sensors with."""
    await desk.menu("Administration", "API keys")
    await desk.link("Make a key")
    await desk.type("Name", "Agents")
    await desk.pick("Integration")
    await desk.press("Make the key")
    notes.agent_key = await desk.copy("Key")
