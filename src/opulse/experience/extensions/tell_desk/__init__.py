"""The Tell the desk extension. In: a run with an activation. Out: a mail once so many people cannot work."""
