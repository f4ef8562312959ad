"""The adapter."""

from __future__ import annotations

from opulse.monitoring.sources.fleet.models import FleetSettings
from opulse.monitoring.sources.fleet.rules import read
from opulse.monitoring.sources.models import Adapter, SourceKind

_A_DAY = 24 * 3600

SAMPLE = """{
  "timestamp": "2026-11-29T09:00:00Z",
  "policy": {
    "id": 7,
    "name": "Disk encryption is on",
    "query": "SELECT 1 FROM disk_encryption WHERE encrypted = 1;",
    "description": "Fails where no disk is encrypted.",
    "critical": true,
    "resolution": "Turn on disk encryption in the settings.",
    "passing_host_count": 2000,
    "failing_host_count": 1
  },
  "hosts": [
    {"id": 1, "hostname": "ws-0001", "display_name": "ws-0001", "url": "https://fleet.example.org/hosts/1"}
  ]
}"""


def snippet(address: str) -> str:
    """Fleet's form takes an address and no header, so the key is the password in it."""
    scheme, _, rest = address.partition("://")
    return f"""Policies > Manage automations > Other > Webhook
Destination URL:
{scheme}://fleet:KEY@{rest}
"""


ADAPTER = Adapter(
    kind=SourceKind.FLEET,
    label="Fleet policies",
    summary="A host that begins to fail a policy triggers the policy's sensor. Fleet never says when a host passes "
    "again, so the time to live clears it.",
    settings=FleetSettings,
    read=read,
    snippet=snippet,
    sample=SAMPLE,
    life=_A_DAY,
    ends_itself=False,
)
