"""All SQL of the directory: one module per noun."""
