"""Use cases: forget a person, forget by age."""
