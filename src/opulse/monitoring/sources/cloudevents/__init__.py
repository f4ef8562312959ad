"""CloudEvents 1.0 (structured, binary, JSON batch) or plain JSON, read by paths that the source names."""

from opulse.monitoring.sources.cloudevents.adapter import ADAPTER

__all__ = ["ADAPTER"]
