"""The adapter."""

from __future__ import annotations

from opulse.monitoring.sources.alertmanager.models import AlertmanagerSettings
from opulse.monitoring.sources.alertmanager.rules import read
from opulse.monitoring.sources.models import Adapter, SourceKind

_HALF_A_DAY = 12 * 3600

SAMPLE = """{
  "version": "4",
  "groupKey": "{}:{alertname=\\"HighLoad\\"}",
  "truncatedAlerts": 0,
  "status": "firing",
  "receiver": "operational-pulse",
  "groupLabels": {"alertname": "HighLoad"},
  "commonLabels": {"alertname": "HighLoad", "severity": "warning"},
  "commonAnnotations": {},
  "externalURL": "http://alertmanager.example.org:9093",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "HighLoad", "instance": "ws-0001:9100", "severity": "warning"},
      "annotations": {"description": "The load average is above the number of processors."},
      "startsAt": "2026-11-29T09:00:00Z",
      "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "http://prometheus.example.org:9090/graph",
      "fingerprint": "c0ffee0000000001"
    }
  ]
}"""


def snippet(address: str) -> str:
    """For ``alertmanager.yml``."""
    return f"""receivers:
  - name: operational-pulse
    webhook_configs:
      - url: {address}
        send_resolved: true
        http_config:
          authorization:
            credentials_file: /etc/alertmanager/operational-pulse.key
route:
  receiver: operational-pulse
  group_by: [alertname]
  group_wait: 5s
  group_interval: 30s
  repeat_interval: 4h
"""


ADAPTER = Adapter(
    kind=SourceKind.ALERTMANAGER,
    label="Prometheus Alertmanager",
    summary="Firing alerts trigger a sensor of their name, resolved ones clear it.",
    settings=AlertmanagerSettings,
    read=read,
    snippet=snippet,
    sample=SAMPLE,
    life=_HALF_A_DAY,
    ends_itself=True,
)
