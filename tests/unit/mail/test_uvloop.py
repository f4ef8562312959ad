"""The server runs on uvloop, whose transports are not asyncio's: the sender and the sink work there too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import uvloop

from opulse.clock import SystemClock
from opulse.mail.inbox import Inbox
from opulse.mail.models import OutcomeState, Security
from opulse.mail.smtp import RelayPool, send_one
from tests.unit.mail.conftest import Certificates
from tests.unit.mail.relays import Scripted, mail, plain


def run_on_uvloop(main: object) -> None:
    assert asyncio.iscoroutine(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def test_a_burst_and_a_cut_connection(tmp_path: Path) -> None:
    async def main() -> None:
        inbox = Inbox(tmp_path, SystemClock())
        await inbox.start()
        inbox.faults.drop_after_data.add("user15@example.org")
        pool = RelayPool(SystemClock())
        permit = await pool.permit(plain(inbox.port))
        states = [outcome.state async for outcome in pool.send_burst(permit, [mail(n) for n in range(20)])]
        assert states == [OutcomeState.ACCEPTED] * 15 + [OutcomeState.UNKNOWN] + [OutcomeState.NOT_SENT] * 4
        await pool.close()
        await inbox.stop()
        assert inbox.mailbox.accepted == 16

    run_on_uvloop(main())


def test_tls(certificates: Certificates) -> None:
    async def main() -> None:
        relay = Scripted()
        server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, ssl=certificates.server)
        port = server.sockets[0].getsockname()[1]
        settings = plain(port, security=Security.TLS, ca_file=certificates.ca_file)
        assert (await send_one(settings, mail(1))).state is OutcomeState.ACCEPTED
        assert (await send_one(replace(settings, ca_file=""), mail(1))).state is OutcomeState.NOT_SENT
        server.close()
        await server.wait_closed()

    run_on_uvloop(main())
