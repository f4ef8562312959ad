"""Export and import of the whole configuration, under Administration: a file out, a file in, and what it would change first."""
