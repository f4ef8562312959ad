"""Extensions, their accounts, and workflows as a part of the tenant's configuration."""

from opulse.experience.workflows.configuring import accounts, workflows

SECTIONS = (*accounts.SECTIONS, *workflows.SECTIONS)
