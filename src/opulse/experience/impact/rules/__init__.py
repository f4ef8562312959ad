"""Pure: intervals, and what may be shown."""
