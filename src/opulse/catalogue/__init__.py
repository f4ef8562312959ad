"""The sensor catalogue: kits come in as YAML, definitions go out, and one pure function says whether a sensor is triggered.

Shared by the agent (which evaluates) and by monitoring (which shows, configures and checks names). Touches no network, no
database and no clock.
"""

from opulse.catalogue.loader import load_catalogue, read_catalogue, read_kit
from opulse.catalogue.models import (
    NEVER_EVALUATED,
    Catalogue,
    CatalogueRefused,
    Comparison,
    EvaluationReason,
    EvaluationState,
    Kit,
    KitOrigin,
    LimitsFrom,
    Measured,
    Operator,
    Platform,
    Reading,
    Scalar,
    SensorDefinition,
    SensorKind,
    Unavailable,
    VariableProblem,
    Variables,
)
from opulse.catalogue.rules import check_variables, evaluate, passes_now

__all__ = [
    "NEVER_EVALUATED",
    "Catalogue",
    "CatalogueRefused",
    "Comparison",
    "EvaluationReason",
    "EvaluationState",
    "Kit",
    "KitOrigin",
    "LimitsFrom",
    "Measured",
    "Operator",
    "Platform",
    "Reading",
    "Scalar",
    "SensorDefinition",
    "SensorKind",
    "Unavailable",
    "VariableProblem",
    "Variables",
    "check_variables",
    "evaluate",
    "load_catalogue",
    "passes_now",
    "read_catalogue",
    "read_kit",
]
