"""Readings from inside another network: started there, it samples at once, and again for each line that it is given.

A line is a JSON object ``{"name": sensor, "variables": {...}}``; the answer is ``{"instance": value or reason}``.
"""

from __future__ import annotations

import json
import sys

from opulse.agent.linux.adapters import Adapters
from opulse.agent.linux.network import Network
from opulse.agent.linux.reachability import Reachability
from opulse.agent.linux.sockets import Sockets
from opulse.agent.sources import by_instance
from opulse.catalogue import Measured
from tests.unit.agent.looking import Look


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    look = Look([Network(), Adapters(), Sockets(), Reachability(proxies={})])
    say("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        look.sample()
        readings = by_instance(look.at(asked["name"], **asked["variables"]))
        said = {
            instance or "": reading.value if isinstance(reading, Measured) else reading.reason
            for instance, reading in readings
        }
        say(json.dumps(said))


if __name__ == "__main__":
    main()
