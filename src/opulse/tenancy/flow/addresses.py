"""Where the monitoring side is reached: what the Operational Pulse task asks for."""

from __future__ import annotations

from opulse.ports import Ports


def token_url(ports: Ports) -> str:
    """The Token URL to type into the Operational Pulse task."""
    return f"{ports.monitoring_url}/opulse/B2C_1_ROPC_AUTH/oauth2/v2.0/token"


def cloud_url(ports: Ports) -> str:
    """The Cloud URL to type into the Operational Pulse task: the host, with its port where it is not the usual one."""
    return ports.monitoring_url.split("://", 1)[-1]
