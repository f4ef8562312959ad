"""The contract check: do the two halves, and what stands around them, still fit together (ADR 0021)?

Comes in: what both wings and tenancy have configured, read in sets through their views and flows, and what is seen outside
(DNS, relay, clocks). Goes out: findings, each with why it matters and what mends it. Announces nothing; the nightly job
``doctor.due`` sets the metric ``opulse_doctor_findings``.
"""

from opulse.pulses.doctor.flow.diagnosing import diagnose
from opulse.pulses.doctor.flow.mending import mend
from opulse.pulses.doctor.models import Finding, Kind, MendGone, Report, Severity

__all__ = ["Finding", "Kind", "MendGone", "Report", "Severity", "diagnose", "mend"]
