"""All SQL of the stage: the tenant's sensors and the evaluator's snapshots."""
