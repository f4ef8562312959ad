"""Questions on desktops, for incidents in which mail itself is what broke.

In: an agent's heartbeat, with who is logged on to its system. Out: the open questions of these people in the answer (behind the
link is the same page as in a mail), and one row per invitation and system: what the agent says became of it. No job.
"""

from opulse.experience.prompts.models import PromptReason

__all__ = ["PromptReason"]
