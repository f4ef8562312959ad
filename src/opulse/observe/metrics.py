"""Prometheus metrics; a label is a reason from a rule, never an identity."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)

JOBS = Counter("opulse_jobs_total", "Background jobs by kind and how they ended", ["kind", "end"])
JOB_SECONDS = Histogram("opulse_job_seconds", "Running time of a background job", ["kind"], buckets=_SECONDS)
ANNOUNCEMENTS = Counter(
    "opulse_announcements_total", "Jobs announced to the stream, in time or late", ["when"]
)
QUEUE_AGE = Gauge("opulse_queue_age_seconds", "Age of the oldest job that is due", ["queue"])
DECISIONS = Counter("opulse_decisions_total", "Decisions of rules by reason", ["rule", "reason"])
DECISIONS_REFUSED = Counter(
    "opulse_decisions_refused_total", "Decisions that were not written because another process decides by now"
)
CHANGES = Counter("opulse_sensor_changes_total", "Sensor state changes by how they were taken", ["outcome"])
MAILS = Counter("opulse_mails_total", "Mails by the relay's answer", ["outcome"])
ANSWERS = Counter("opulse_answers_total", "Survey answers by how they were recorded", ["outcome"])
