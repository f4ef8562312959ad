"""Maintenance windows: when the systems of a group are being worked on, and so count in no notification.

A person plans a window for a group, once or repeated; while it is under way its systems are neither affected nor reporting for
the decision (they still report, and their states stay in the journal). Upstream of notifications and activations, because it
decides who counts; ``silences`` decides who is told. Announces no job: the decider looks with every tick.
"""

from opulse.monitoring.maintenance.models import MaintenanceWindow

__all__ = ["MaintenanceWindow"]
