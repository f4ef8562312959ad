"""Our clients of the real products, one package each. They know the wire and the outbound guard, and nothing of either wing."""
