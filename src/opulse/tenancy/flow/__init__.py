"""The use cases of tenancy: one module per noun."""
