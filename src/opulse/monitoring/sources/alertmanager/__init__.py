"""Prometheus Alertmanager: the webhook of its ``webhook_configs``, payload version "4"."""

from opulse.monitoring.sources.alertmanager.adapter import ADAPTER

__all__ = ["ADAPTER"]
