"""The whole configuration of a tenant as one document: written, compared with what is here, and taken (ADR 0013).

Each stage offers its part in a module ``configuring``; here they are put in one order, so that whatever is referred to by name is
there before. Nothing of a document is taken unless all of it can be.
"""

from opulse.pulses.configuration.flow import export_configuration, import_configuration
from opulse.pulses.configuration.models import ImportDone, ImportWanted, Plan

__all__ = ["ImportDone", "ImportWanted", "Plan", "export_configuration", "import_configuration"]
