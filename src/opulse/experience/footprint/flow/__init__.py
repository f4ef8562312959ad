"""Use cases: what happened between us and a person, and whether they may be asked."""
