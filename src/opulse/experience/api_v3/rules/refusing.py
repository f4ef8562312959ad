"""How a translation says no."""

from __future__ import annotations


class Refusal(Exception):
    """The request cannot be answered. ``sentence`` says what to send instead; ``code``: the product's, if known."""

    def __init__(self, status: int, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.code = code


def bad(sentence: str) -> Refusal:
    """400: the request names something that is not there, or that our model cannot hold."""
    return Refusal(400, sentence, "GP_0")
