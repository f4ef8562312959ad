"""The configuration as a document: what the tests of it share."""
