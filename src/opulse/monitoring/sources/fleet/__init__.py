"""Fleet (osquery): the webhook of its policy automations. It names hosts that began to fail, never those that pass again."""

from opulse.monitoring.sources.fleet.adapter import ADAPTER

__all__ = ["ADAPTER"]
