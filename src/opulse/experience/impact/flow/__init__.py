"""Count, read results, follow them live."""
