"""The sections of a document, in the order in which they are written: whatever is referred to stands above."""

from __future__ import annotations

from opulse.experience.directory import configuring as directory
from opulse.experience.surveys import configuring as surveys
from opulse.experience.workflows import configuring as workflows
from opulse.monitoring.maintenance import configuring as maintenance
from opulse.monitoring.notifications import configuring as notifications
from opulse.monitoring.recipients import configuring as recipients
from opulse.monitoring.sensors import configuring as sensors
from opulse.monitoring.silences import configuring as silences
from opulse.monitoring.sources import configuring as sources
from opulse.monitoring.systems import configuring as systems
from opulse.tenancy import configuring as tenancy
from opulse.tenancy.sections import Section

SECTIONS: tuple[Section, ...] = (
    *tenancy.SECTIONS,
    *systems.SECTIONS,
    *sensors.SECTIONS,
    *recipients.SECTIONS,
    *maintenance.SECTIONS,
    *notifications.SECTIONS,
    *silences.SECTIONS,
    *sources.SECTIONS,
    *directory.SECTIONS,
    *surveys.SECTIONS,
    *workflows.SECTIONS,
)
