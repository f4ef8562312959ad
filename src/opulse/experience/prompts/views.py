"""Read-only selectables that later stages join."""

from opulse.experience.prompts.store import desktop_prompts

__all__ = ["desktop_prompts"]
