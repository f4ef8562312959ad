"""Use cases of the stage: taking batches, following the journal, keeping the catalogue, configuring agents."""

from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.monitoring.sensors.flow.evaluator import Evaluator

__all__ = ["Evaluator", "seed_tenant_in"]
