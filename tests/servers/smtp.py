"""Postfix's ``smtp-sink``: a real SMTP server that keeps what it accepts, and refuses or dawdles when told to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tests.servers.processes import (
    Server,
    accepts,
    demoted,
    program,
    scratch_folder,
    start_on_free_port,
)


@dataclass(frozen=True)
class SunkMail:
    """One message that the server answered with 250 after DATA."""

    sender: str  # of the envelope, without angle brackets
    recipients: tuple[str, ...]
    raw: bytes  # header and body as they came, line ends LF

    @property
    def message(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.raw)


class SmtpSink:
    """The running sink on ``127.0.0.1:port``. ``options`` are smtp-sink's own, for example ``("-r", "RCPT")``.

    ``address`` "" listens on all of the machine's, so that a namespace reaches it too.
    """

    def __init__(self, *options: str, address: str = "127.0.0.1") -> None:
        self._options = options
        self._address = address
        self._folder = scratch_folder("opulse-smtp-")
        self._server, self.port = start_on_free_port("smtp-sink", self._folder, self._command, accepts)

    def restart(self) -> None:
        """Come back on the same port after ``stop``, with what arrived before."""
        self._server = Server(self._command(self.port), self._folder / "log", cwd=self._folder)
        self._server.wait_until(lambda: accepts(self.port), "smtp-sink")

    def mails(self) -> list[SunkMail]:
        """What was accepted so far, in no order."""
        return [mail for path in self._folder.glob("mail.*") if (mail := _read(path)) is not None]

    def stop(self, signal_number: int = 15) -> None:
        """End the server; what arrived stays readable until ``remove``."""
        self._server.stop(signal_number)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, port: int) -> list[str]:
        return demoted(
            [
                program("smtp-sink"),
                "-d",
                self._folder / "mail.",
                *self._options,
                f"{self._address}:{port}",
                "128",
            ]
        )


def _read(path: Path) -> SunkMail | None:
    """smtp-sink writes the client and the envelope as pseudo-headers, then one Received header, then the message."""
    dump = path.read_bytes()
    if not dump.endswith(b"\n\n"):
        return None  # still being written
    own, _, rest = dump.partition(b"\nReceived:")
    envelope = [line.partition(": ") for line in own.decode().splitlines()]
    lines = rest[:-1].split(b"\n")  # the last line end is smtp-sink's
    first = next(number for number, line in enumerate(lines) if number and not line.startswith((b" ", b"\t")))
    return SunkMail(
        sender=next(_address(value) for name, _, value in envelope if name == "X-Mail-Args"),
        recipients=tuple(_address(value) for name, _, value in envelope if name == "X-Rcpt-Args"),
        raw=b"\n".join(lines[first:]),
    )


def _address(argument: str) -> str:
    return argument.split(">", maxsplit=1)[0].lstrip("<")
