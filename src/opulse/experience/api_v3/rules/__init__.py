"""Our records in the product's words: pure translations, one module per kind of thing."""
