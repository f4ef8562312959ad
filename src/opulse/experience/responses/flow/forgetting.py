"""What responses forget: free texts, and who gave an answer. In the caller's unit."""

from opulse.experience.responses.store.forgetting import (
    cut_links,
    find_answers_of,
    forget_corrections,
    forget_texts,
    list_with_old_texts,
)

__all__ = ["cut_links", "find_answers_of", "forget_corrections", "forget_texts", "list_with_old_texts"]
