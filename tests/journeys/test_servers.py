"""The fixtures themselves: a test that trusts a server first has to be able to trust this."""

from __future__ import annotations

import smtplib
from collections.abc import Callable

import httpx2
import pytest
from playwright.async_api import Browser
from sqlalchemy import Connection, text

from opulse.db import Database, metadata
from opulse.outbound import AddressRefused
from opulse.ports import Ports
from tests.servers import opulse
from tests.servers.browser import new_context
from tests.servers.installation import make_tenant
from tests.servers.opulse import OpulseProcess
from tests.servers.processes import Server
from tests.servers.smtp import SmtpSink


def _note(conn: Connection) -> list[str]:
    """Leave a mark and return all marks: a second one would come from another test's database."""
    conn.execute(text("CREATE TABLE IF NOT EXISTS mark (word text)"))
    conn.execute(text("INSERT INTO mark VALUES ('here')"))
    return [row.word for row in conn.execute(text("SELECT word FROM mark"))]


@pytest.mark.stores
@pytest.mark.parametrize("run", [1, 2])
async def test_each_test_gets_a_database_of_its_own_with_the_schema(
    db: Database, dialect: str, run: int
) -> None:
    assert db.dialect == dialect
    assert await db.write(_note) == ["here"]
    assert await db.read(lambda conn: conn.dialect.name) == dialect
    names = "SELECT name FROM sqlite_master" if dialect == "sqlite" else "SELECT tablename FROM pg_tables"
    found = await db.read(lambda conn: set(conn.execute(text(names)).scalars()))
    assert set(metadata.tables) <= found


@pytest.mark.stores
async def test_database_url_leads_to_an_empty_database(database_url: str, dialect: str) -> None:
    from opulse.db import open_database

    database = await open_database(database_url)
    try:
        assert database.dialect == dialect
        assert await database.write(_note) == ["here"]
    finally:
        await database.close()


@pytest.mark.stores
async def test_ports_reach_this_machine_and_nothing_beyond(ports: Ports) -> None:
    tenant, key = await make_tenant(ports)
    assert (tenant, bool(key)) == (1, True)
    assert ports.relay() is None
    with pytest.raises(AddressRefused):
        await ports.http.request("GET", "http://192.0.2.1/")


def test_the_sink_keeps_envelope_and_message_as_they_came(smtp_sink: SmtpSink) -> None:
    body = "Subject: Slow?\r\nX-Own: kept\r\n\r\n.dot\r\nlast\r\n"
    with smtplib.SMTP("127.0.0.1", smtp_sink.port) as client:
        client.sendmail("pulse@example.org", ["ada@example.org", "bob@example.org"], body)
    (mail,) = smtp_sink.mails()
    assert mail.sender == "pulse@example.org"
    assert mail.recipients == ("ada@example.org", "bob@example.org")
    assert mail.raw == b"Subject: Slow?\nX-Own: kept\n\n.dot\nlast\n"
    assert mail.message["X-Own"] == "kept"


def test_a_sink_that_was_down_comes_back_with_what_it_had(smtp_sink: SmtpSink) -> None:
    def send(subject: str) -> None:
        with smtplib.SMTP("127.0.0.1", smtp_sink.port) as client:
            client.sendmail("pulse@example.org", ["ada@example.org"], f"Subject: {subject}\r\n\r\n")

    send("before")
    smtp_sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send("never")
    smtp_sink.restart()
    send("after")
    assert {mail.message["Subject"] for mail in smtp_sink.mails()} == {"before", "after"}


def test_a_sink_refuses_when_told_to(smtp_sinks: Callable[..., SmtpSink]) -> None:
    sink = smtp_sinks("-r", "RCPT")
    with (
        smtplib.SMTP("127.0.0.1", sink.port) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        client.sendmail("pulse@example.org", ["ada@example.org"], "Subject: x\r\n\r\n")
    assert 400 <= refused.value.recipients["ada@example.org"][0] < 500
    assert sink.mails() == []


@pytest.mark.stores
def test_an_installation_serves_in_a_process_of_its_own_and_again_after_a_kill(
    serve: Callable[..., OpulseProcess], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opulse, "LAUNCH", Server)  # the command as a user types it; other tests fork it
    process = serve(database_url=database_url)
    first, address = process.pid, process.url
    assert httpx2.get(f"{address}/healthz").status_code == 200
    process.kill()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{address}/healthz")
    process.start()
    assert (process.url, process.pid == first) == (address, False)
    assert httpx2.get(f"{address}/healthz").status_code == 200


@pytest.mark.browser
async def test_the_browser_renders_and_reaches_nothing_outside(browser: Browser) -> None:
    context = await new_context(browser, phone=True)
    page = await context.new_page()
    await page.set_content('<meta name="viewport" content="width=device-width"><h1>Operational Pulse</h1>')
    assert await page.inner_text("h1") == "Operational Pulse"
    assert await page.evaluate("innerWidth") == 390
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        await page.goto("http://outside.example/")
