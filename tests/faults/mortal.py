"""The product in a process that dies where it is told to, and comes back on the same data."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.servers.opulse import OpulseProcess

PATIENCE = 30.0


class Mortal(OpulseProcess):
    """See :class:`OpulseProcess`. ``doom`` names the point of the next death; the process that follows is not doomed."""

    def __init__(self, data: Path, **options: object) -> None:
        self._fault = data.parent / f"{data.name}.die-at"
        super().__init__(data, fault_file=self._fault, **options)

    def doom(self, point: str) -> None:
        """Die by SIGKILL at ``<point>``, or at its n-th passing (``<point> <n>``)."""
        self._fault.write_text(point, encoding="utf-8")

    def spare(self) -> None:
        """Take back a doom that has not come yet."""
        self._fault.unlink(missing_ok=True)

    def wait_for_death(self) -> None:
        """Return when the process has killed itself, and not otherwise."""
        assert self._server is not None, "not started"
        assert self._server.process.wait(PATIENCE) == -signal.SIGKILL
        assert not self._fault.exists(), "somebody else killed it"

    def still_lives(self) -> None:
        """It had a doom that came, and was another's."""
        assert self._server is not None, "not started"
        assert not self._fault.exists(), "nobody died"
        assert self._server.process.poll() is None

    def restart(self) -> float:
        """Start again. Seconds until the address answers."""
        begin = time.monotonic()
        self.start()
        return time.monotonic() - begin
