"""All SQL of workflows: one module per noun."""
