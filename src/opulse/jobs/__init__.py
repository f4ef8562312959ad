"""The outbox and who empties it. Whoever records a fact enqueues the job that announces it in the same unit."""

from opulse.jobs.models import Handler, Job, JobDead, JobEnd, JobRetry
from opulse.jobs.table import enqueue
from opulse.jobs.worker import Worker

__all__ = ["Handler", "Job", "JobDead", "JobEnd", "JobRetry", "Worker", "enqueue"]
