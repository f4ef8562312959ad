"""The use cases of workflows: one module per idea."""
