"""Our clients of the real products. They know the wire and the outbound guard, and nothing of either wing."""
