"""Debian's ``wrk``, with bodies and headers from files: the same client for us and for whom we are measured beside."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local function read(path) local f = assert(io.open(path, "rb")); local t = f:read("*a"); f:close(); return t end
local folder, prefix = "{folder}", "{prefix}"
local heads, tails, keys = {{}}, {{}}, {{}}
for i = 1, {bodies} do
  heads[i], tails[i] = read(folder .. "/" .. i .. ".head"), read(folder .. "/" .. i .. ".tail")
end
for key in string.gmatch(read(folder .. "/keys"), "[^\\n]+") do keys[#keys + 1] = key end
local n = 0
function request()
  n = n + 1
  local body = (n - 1) % {bodies} + 1
  local headers = {{["Content-Type"] = "{media_type}"}}
  if #keys > 0 then headers["X-API-TOKEN"] = keys[(n - 1) % #keys + 1] end
  return wrk.format("POST", nil, headers, heads[body] .. string.format({number}) .. tails[body])
end
"""


@dataclass(frozen=True)
class Load:
    """What to send: ``bodies`` in turn, each (before, after) the number of the request, and ``keys`` in turn.

    ``number`` is how the request's number is written between them: a Lua format and its arguments; empty for nothing.
    """

    bodies: Sequence[tuple[bytes, bytes]]
    media_type: str = "application/json"
    keys: Sequence[str] = ()
    number: str = '"%s%010d", prefix, n'

    def write(self, folder: Path, prefix: str) -> Path:
        """The script, with its files beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        for place, (head, tail) in enumerate(self.bodies, 1):
            (folder / f"{place}.head").write_bytes(head)
            (folder / f"{place}.tail").write_bytes(tail)
        (folder / "keys").write_text("\n".join(self.keys))
        script = folder / "load.lua"
        script.write_text(
            _SCRIPT.format(
                folder=folder,
                prefix=prefix,
                bodies=len(self.bodies),
                media_type=self.media_type,
                number=self.number or '""',
            )
        )
        return script


@dataclass(frozen=True)
class Throughput:
    """What came back. ``failed`` answers were no 2xx or did not come."""

    per_second: float
    p99_ms: float
    completed: int
    failed: int


async def run(url: str, script: Path, connections: int, seconds: int) -> Throughput:
    """Send for so long; one thread of wrk's, so that the server has the other core."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    process = await asyncio.create_subprocess_exec(
        *command, "-s", str(script), url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    text = told.decode()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    done = re.search(r"(\d+) requests in", text)
    if rate is None or done is None:
        raise RuntimeError(f"wrk measured nothing: {text}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(int(number) for found in (errors, refused) if found for number in found.groups())
    return Throughput(float(rate.group(1)), _milliseconds(text), int(done.group(1)), failed)


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _milliseconds(text: str) -> float:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", text)
    if found is None:
        return 0.0
    return float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)]
