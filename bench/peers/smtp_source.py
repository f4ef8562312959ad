"""Postfix's ``smtp-source`` against ``smtp-sink``: mails that are ready, written as fast as C writes them."""

from __future__ import annotations

import subprocess
import time
from statistics import mean

from tests.servers.processes import demoted, program
from tests.servers.smtp import SmtpSink


class Sink(SmtpSink):
    """A sink that takes everything. It keeps what it takes only while ``keeps``: then its disk would be what is measured."""

    keeps = True

    def keep_nothing(self) -> None:
        """From now on, on the same port."""
        self.stop()
        self.keeps = False
        self.restart()

    def check(self, wanted: int) -> int:
        """The mean size in bytes of the mails that were kept, after a look into ``wanted`` of them.

        Raises:
            RuntimeError: there are fewer, or two have the same body.
        """
        mails = self.mails()
        looked = mails[:wanted]
        bodies = {mail.message.get_body(("html",)).get_content() for mail in looked}  # type: ignore[union-attr]  # ours have one
        if len(bodies) != wanted:
            raise RuntimeError(f"{len(looked)} mails have {len(bodies)} bodies, not {wanted}")
        lines = mean(mail.raw.count(b"\n") for mail in looked)  # LF here, CRLF on the wire
        return round(mean(len(mail.raw) for mail in looked) + lines)

    def _command(self, port: int) -> list[str]:
        if self.keeps:
            return super()._command(port)
        return demoted([program("smtp-sink"), *self._options, f"127.0.0.1:{port}", "128"])


def send(port: int, messages: int, size: int, connections: int) -> float:
    """Seconds that smtp-source needs for ``messages`` of ``size`` bytes over ``connections`` that stay open."""
    command = [
        program("smtp-source"), "-d", "-s", str(connections), "-m", str(messages), "-l", str(size),
        f"127.0.0.1:{port}",
    ]  # fmt: skip
    begin = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - begin
