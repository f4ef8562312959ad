"""``wrk`` on a list of requests: every request is another one, in turn."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import program

CONNECTIONS = 16
_SCRIPT = """
local lines, at = {}, 0
for line in io.lines("@REQUESTS@") do lines[#lines + 1] = line end
local headers = {["Accept"] = "text/html", ["Accept-Encoding"] = "gzip", ["Accept-Language"] = "en"}
if "@METHOD@" == "POST" then headers["Content-Type"] = "application/x-www-form-urlencoded" end
request = function()
  at = at % #lines + 1
  local path, body = lines[at]:match("^(%S+) ?(.*)$")
  if "@METHOD@" == "GET" then return wrk.format("GET", path, headers) end
  return wrk.format("POST", path, headers, body)
end
done = function(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
  io.write(string.format('{"requests": %d, "micros": %d, "wrong": %d, "timeouts": %d, "p50": %d, "p99": %d, "bytes": %d}\\n',
    summary.requests, summary.duration, wrong, summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), summary.bytes))
end
"""


class WentWrong(Exception):
    """The server refused requests: what was measured is not what was meant."""


@dataclass(frozen=True)
class Load:
    """What one run saw. Latencies in milliseconds; ``bytes`` on the wire per response, headers included."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    bytes: float


async def load(url: str, requests: Sequence[str], folder: Path, seconds: float, method: str = "GET") -> Load:
    """Send ``requests`` (``/path`` or ``/path body``) over and over for ``seconds``, 16 connections at once.

    Raises:
        WentWrong: a response had a status of 400 or more, or did not come.
    """
    listed = folder / f"requests-{method.lower()}.txt"
    listed.write_text("\n".join(requests) + "\n", encoding="ascii")
    script = folder / f"wrk-{method.lower()}.lua"
    script.write_text(
        _SCRIPT.replace("@REQUESTS@", str(listed)).replace("@METHOD@", method), encoding="ascii"
    )
    command = [
        program("wrk"),
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        "-s",
        str(script),
        url,
    ]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told = (await running.communicate())[0].decode()
    found = re.search(r"^\{.*\}$", told, re.MULTILINE)
    if found is None:
        raise WentWrong(f"wrk ended with {running.returncode}: {told}")
    seen = json.loads(found.group())
    if seen["wrong"] or seen["timeouts"]:
        raise WentWrong(
            f"{seen['wrong']} wrong answers and {seen['timeouts']} time-outs of {seen['requests']}"
        )
    took = seen["micros"] / 1e6
    return Load(
        seen["requests"],
        seen["requests"] / took,
        seen["p50"] / 1e3,
        seen["p99"] / 1e3,
        seen["bytes"] / seen["requests"],
    )
