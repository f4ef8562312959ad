"""``opulse-agent``: the agent's own command, for endpoints that have nothing else of the product. Standard library only."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from opulse import __version__
from opulse.agent.attendance import Attendance
from opulse.agent.prompts import Desktop
from opulse.agent.reading_now import desktop_of_this_machine, read_sensors_now
from opulse.agent.run import run_agent
from opulse.agent.showing import as_json, as_lines
from opulse.clock import SystemClock

STATE_FILE = Path.home() / ".local/state/opulse-agent/state.json"
WRONG_USE = 2


def main(words: Sequence[str] | None = None) -> int:
    """Run the command with ``words`` (None: those of the process); the code to exit with."""
    given = _parser().parse_args(words)
    if given.verb == "sensors":
        show_sensors(as_json_array=given.json)
        return 0
    try:
        run_until_stopped(
            given.server,
            given.key,
            given.key_file,
            given.state_file,
            report_users=given.report_users,
            show_prompts=given.show_prompts,
        )
    except (ValueError, OSError) as error:
        sys.stderr.write(f"opulse-agent: {error}\n")
        return WRONG_USE
    return 0


def show_sensors(*, as_json_array: bool) -> None:
    """Read every sensor that this machine has a source for, once, onto stdout."""
    readings = read_sensors_now()
    lines = [json.dumps([as_json(one) for one in readings])] if as_json_array else as_lines(readings)
    sys.stdout.write("\n".join(lines) + "\n")


def run_until_stopped(
    server: str, key: str, key_file: Path | None, state_file: Path, *, report_users: bool, show_prompts: bool
) -> None:
    """Run the agent until Ctrl-C or SIGTERM, logging to stderr.

    Raises:
        ValueError: no key, or ``server`` is no address. OSError: a file cannot be read or written.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
    if not secret:
        raise ValueError("the agent needs its key: --key-file FILE, --key, or OPULSE_AGENT_KEY")
    if not server:
        raise ValueError("the agent needs its server: --server ADDRESS, or OPULSE_AGENT_SERVER")
    attendance = None if report_users else Attendance(None)
    desktop = desktop_of_this_machine() if show_prompts else None
    asyncio.run(_run(server, secret, state_file, attendance, desktop))


async def _run(
    server: str, key: str, state_file: Path, attendance: Attendance | None, desktop: Desktop | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if os.name == "posix":
            loop.add_signal_handler(number, stop.set)
        else:  # the event loop of Windows has no such handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    await run_agent(server, key, state_file, SystemClock(), stop, attendance=attendance, desktop=desktop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="opulse-agent", description="Evaluate this machine's sensors.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="evaluate sensors each minute and tell the installation")
    server, key = os.environ.get("OPULSE_AGENT_SERVER", ""), os.environ.get("OPULSE_AGENT_KEY", "")
    run.add_argument("--server", default=server, help="address of the installation; or OPULSE_AGENT_SERVER")
    run.add_argument("--key", default=key, help="agent key of this system; or OPULSE_AGENT_KEY")
    run.add_argument("--key-file", type=Path, help="file that holds the key: it is not seen in process lists")
    run.add_argument(
        "--state-file", type=Path, default=STATE_FILE, help="where batch number and plan are kept"
    )
    run.add_argument(
        "--no-users", dest="report_users", action="store_false", help="do not say who is logged on"
    )
    run.add_argument(
        "--no-prompts", dest="show_prompts", action="store_false", help="show people no questions"
    )
    sensors = verbs.add_parser("sensors", help="read every sensor that this machine has a source for, once")
    sensors.add_argument("--json", action="store_true", help="print a JSON array")
    return parser


if __name__ == "__main__":
    sys.exit(main())
