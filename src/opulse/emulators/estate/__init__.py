"""An estate of simulated workplaces: who works where on what, which sensors are always on somewhere, and an incident.

Everything is computed from a seed, so that the same seed is the same estate, to the last name.
"""

from opulse.emulators.estate.incident import IncidentPlan, Symptom, plan_incident
from opulse.emulators.estate.making import make_estate
from opulse.emulators.estate.models import Estate, SimulatedPerson, SimulatedSystem, Use
from opulse.emulators.estate.noise import background_noise

__all__ = [
    "Estate",
    "IncidentPlan",
    "SimulatedPerson",
    "SimulatedSystem",
    "Symptom",
    "Use",
    "background_noise",
    "make_estate",
    "plan_incident",
]
