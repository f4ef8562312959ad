"""All SQL of the stage: systems, their users over time, groups, dense numbers, the journal."""
