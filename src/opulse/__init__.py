"""Operational Pulse: sensor state → notification → activation → webhook → JSON event → Operational Pulse task →
contact → Experience ID Change → distribution → answer → impact. The package is that path."""

__version__ = "0.1.0"
