"""The adapter."""

from __future__ import annotations

from opulse.monitoring.sources.cloudevents.models import MappingSettings
from opulse.monitoring.sources.cloudevents.rules import read
from opulse.monitoring.sources.models import Adapter, SourceKind

_A_DAY = 24 * 3600

SAMPLE = """{
  "specversion": "1.0",
  "id": "a-1",
  "source": "/printers",
  "type": "Printer jammed",
  "subject": "ws-0001",
  "time": "2026-11-29T09:00:00Z",
  "data": {"triggered": true}
}"""


def snippet(address: str) -> str:
    """A request that any tool can be made to send."""
    return f"""curl -X POST {address} \\
  -H "Authorization: Bearer KEY" \\
  -H "Content-Type: application/cloudevents+json" \\
  -d '{{"specversion": "1.0", "id": "1", "source": "/printers", "type": "Printer jammed",
       "subject": "ws-0001", "time": "2026-11-29T09:00:00Z", "data": {{"triggered": true}}}}'
"""


ADAPTER = Adapter(
    kind=SourceKind.CLOUDEVENTS,
    label="CloudEvents or JSON",
    summary="Any tool that can post JSON: paths say where its system, sensor and state stand.",
    settings=MappingSettings,
    read=read,
    snippet=snippet,
    sample=SAMPLE,
    life=_A_DAY,
    ends_itself=True,
)
