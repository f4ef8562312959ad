"""The document in which a tenant's configuration is carried: the words that are agreed on (ADR 0013)."""

from __future__ import annotations

from typing import Final

SECRET: Final = "(secret)"  # noqa: S105  # the words that stand for one
"""Stands in a document where a secret is set. The secret itself never does."""
