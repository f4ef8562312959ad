"""A mail relay that takes a fixed time per message, as one far away does: ``python -m bench.peers.slow_relay PORT MS FILE``.

smtp-sink can wait for whole seconds only. Each connection is served on its own, PIPELINING is offered, and the moment of every
250 after DATA is appended to FILE as a double (seconds of the machine's monotonic clock): rates are read from what arrived.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from pathlib import Path

import uvloop

GREETING = b"220 slow.example ESMTP\r\n"
OFFERS = b"250-slow.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
MOST_BYTES = 4_000_000


class SlowRelay:
    """Answers after ``seconds`` that it has taken a message, and notes when."""

    def __init__(self, seconds: float, times: Path) -> None:
        self._seconds = seconds
        self._times = times.open("ab", buffering=0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        while line := await reader.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self._seconds)
                self._times.write(struct.pack("d", time.monotonic()))
                writer.write(b"250 2.0.0 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                break
            else:
                writer.write(OFFERS if word == b"EHLO" else b"250 2.0.0 ok\r\n")
        writer.close()


def read_times(file: Path) -> list[float]:
    """The moments that were noted so far, in order."""
    noted = file.read_bytes()
    return sorted(moment for (moment,) in struct.iter_unpack("d", noted[: len(noted) // 8 * 8]))


async def _main(port: int, milliseconds: float, file: Path) -> None:
    relay = SlowRelay(milliseconds / 1000, file)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", port, limit=MOST_BYTES)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
