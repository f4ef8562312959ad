"""All SQL of tenancy: one module per noun."""
