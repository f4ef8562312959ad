"""The API v3 as its clients see it: over HTTP in the test's own process, on both databases."""
