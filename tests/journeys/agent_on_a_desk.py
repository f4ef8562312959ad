"""The real agent in a process of its own, on a desk of stand-ins: what it is told of logons and sessions, and how fast it looks.

Run as ``python -m tests.journeys.agent_on_a_desk SERVER KEY STATE_FILE ROOT ACCOUNT``.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from opulse.agent.attendance import Attendance
from opulse.agent.linux.desktop import LinuxDesktop
from opulse.agent.plan import Pace
from opulse.agent.run import run_agent
from opulse.clock import SystemClock
from opulse.wire.sensor_states import LoggedOnUser


async def main(server: str, key: str, state_file: str, root: str, account: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    here = Attendance(lambda: [LoggedOnUser(account)])
    desktop = LinuxDesktop(lambda: [account], Path(root))
    await run_agent(server, key, Path(state_file), SystemClock(), stop, Pace(1, 3), here, desktop)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    asyncio.run(main(*sys.argv[1:]))
