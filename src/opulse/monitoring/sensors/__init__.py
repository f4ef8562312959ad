"""What is triggered where: sensor states come in, and the evaluator can say at once how many systems of a group are hit.

A batch is made durable in the journal before it is answered; the evaluator follows the journal with bitmaps in memory.
Also here: the tenant's sensors (names, switches, variables) and the agents' configuration. Announces no jobs: whoever
wants to hear of changes subscribes to the evaluator.
"""

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import ActiveInstance, Count, Sensor, SensorPick

__all__ = ["ActiveInstance", "Count", "Evaluator", "Sensor", "SensorPick"]
