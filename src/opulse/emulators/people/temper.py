"""What a simulated person does with a survey: whether, when and what they answer. The same seed is the same person."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WILLING = 0.62
COMMENTING = 0.22
MEDIAN_MINUTES = 4.0
SPREAD = 0.9  # sigma of the log-normal: a tenth answers within a minute and a quarter, a tenth after a quarter of an hour
READING_SECONDS = (12.0, 50.0)

# By the number of choices of a question, how often each is taken, as the recommended pulse has them.
_WEIGHTS: Mapping[int, tuple[int, ...]] = {
    3: (38, 34, 28),
    5: (12, 42, 22, 15, 9),
    7: (14, 20, 30, 20, 10, 4, 2),
}
_COMMENTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Calls drop every few minutes.",
        "The VPN reconnects all the time since this morning.",
        "Everything hangs when I save.",
        "I switched to my phone's hotspot and it got better.",
        "Could you say how long this will take?",
    ),
    "de": (
        "Outlook reagiert minutenlang nicht.",
        "Seit heute früh bricht das VPN immer wieder ab.",
        "Im Homeoffice geht es, im Büro nicht.",
        "Ich arbeite solange auf Papier weiter.",
        "Bitte Bescheid geben, wenn es behoben ist.",
    ),
    "ar": (
        "الاتصال ينقطع كل بضع دقائق.",
        "التطبيق لا يستجيب عند الحفظ.",
        "عدت إلى العمل من الهاتف مؤقتًا.",
        "المشكلة بدأت صباح اليوم.",
    ),
}


@dataclass(frozen=True, slots=True)
class Temper:
    """What somebody does about one mail. Times in seconds of the person's clock."""

    willing: bool
    after: float
    reading: float
    seed: str

    def choose(self, number: int, choices: Sequence[str]) -> str:
        """The choice of question ``number`` (from 0) of the page."""
        rng = random.Random(f"{self.seed} choice {number}")  # noqa: S311  # a simulation
        return rng.choices(list(choices), _WEIGHTS.get(len(choices)))[0]

    def comment(self, language: str) -> str:
        """What they write in the free field; mostly nothing."""
        rng = random.Random(f"{self.seed} comment")  # noqa: S311  # a simulation
        return rng.choice(_COMMENTS.get(language, _COMMENTS["en"])) if rng.random() < COMMENTING else ""


def temper_of(seed: int, address: str, incident: str) -> Temper:
    """How the person behind ``address`` takes the mail about ``incident``."""
    text = f"{seed} {address} {incident}"
    rng = random.Random(text)  # noqa: S311  # a simulation
    return Temper(
        willing=rng.random() < WILLING,
        after=MEDIAN_MINUTES * 60 * rng.lognormvariate(0, SPREAD),
        reading=rng.uniform(*READING_SECONDS),
        seed=text,
    )
