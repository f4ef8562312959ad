"""All SQL of the stage."""
