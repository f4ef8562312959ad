"""The use cases of the directory: one module per idea."""
