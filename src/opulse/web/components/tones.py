"""Which colour a state wears. States live in the stages' `models.py`; here is only how loud each looks.

red = something is wrong and someone should look; amber = wait or partly; green = good or done; blue = going on;
purple = a person or rule stopped it; gray = over, off or unknown. The word is always shown beside the colour.
"""

from enum import Enum

TONES = ("gray", "blue", "green", "amber", "red", "purple")

STATE_TONES = {
    "red": "open active triggered failed error dead refused bounced rejected blocked critical expired revoked",
    "amber": "pending deferred retrying waiting held late partial degraded warning ambiguous unknown stale draft "
    "allow_list quarantined too_late unavailable",
    "green": "ok resolved done sent accepted shown delivered answered recorded succeeded success enabled on healthy "
    "confirmed published installed completed clear",
    "blue": "running sending started queued scheduled offered new info live in_progress being_resolved asked invited",
    "purple": "dismissed paused silenced cancelled stopped spared suppressed opted_out",
    "gray": "off disabled archived closed inactive skipped none never ignored duplicate",
}
TONE_OF_STATE = {state: tone for tone, states in STATE_TONES.items() for state in states.split()}


def state_word(state: object) -> str:
    """The bare word of a state: an enum's value, or the text itself, in lower case with underscores."""
    value = state.value if isinstance(state, Enum) else state
    return str(value).strip().lower().replace(" ", "_").replace("-", "_")


def tone_of(state: object) -> str:
    """The tone for a state; one that is not listed is gray, which claims nothing."""
    return TONE_OF_STATE.get(state_word(state), "gray")


def words_of(state: object) -> str:
    """`in_progress` → `In progress`, for people."""
    words = state_word(state).replace("_", " ")
    return words[:1].upper() + words[1:]


def initials_of(name: str) -> str:
    """Up to two letters for an avatar: `Maya Rao` → `MR`."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0].upper() for word in chosen)
