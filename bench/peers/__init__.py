"""What ours is measured beside: other people's programs, or the barest thing that could do the same."""
