"""Subscribe, publish, deliver."""
