"""The endpoint agent: the machine it runs on goes in, sensor states go out to ``POST /api/v1/sensor-states``.

Counters are noted every 15 s and sensors evaluated every 60 s, by the kits of ``opulse.catalogue``. It stands apart from the
rest of the product, which it meets only on the wire.
"""

from opulse.agent.attendance import Attendance
from opulse.agent.models import SensorReading
from opulse.agent.reading_now import read_sensors_now
from opulse.agent.run import run_agent

__all__ = ["Attendance", "SensorReading", "read_sensors_now", "run_agent"]
