"""Crash tests: real processes, a real SMTP server, both databases. ``docs/explain/crashes.md`` is their table."""
