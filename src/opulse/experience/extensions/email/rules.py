"""Is what was typed a mail that can be sent? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email

from opulse.templating.piped import parse_piped

TO_MOST = 30  # addresses under To (qualtrics-product.md 4.4)
COPIES_MOST = 30  # under Cc and Bcc, each
DELAY_MOST = timedelta(days=30)


def is_address(text: str) -> bool:
    """Whether a mail can be sent there."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def check_addresses(label: str, addresses: tuple[str, ...], most: int) -> list[str]:
    """What is wrong with these addresses; those with a pipe are known only when the task runs."""
    wrong = [one for one in addresses if not parse_piped(one).slots and not is_address(one)]
    problems = [f"{label}: {one} is no e-mail address" for one in wrong[:3]]
    if len(addresses) > most:
        problems.append(f"{label} takes at most {most} addresses")
    return problems


def read_delay(form: Mapping[str, Any]) -> timedelta:
    """How long after the task began the mail leaves.

    Raises:
        ValueError: no whole number of minutes, or more than 30 days.
    """
    text = str(form.get("delay_minutes") or "0").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError("Delay is a whole number of minutes")
    delay = timedelta(minutes=int(text))
    if delay > DELAY_MOST:
        raise ValueError(f"Delay is at most {DELAY_MOST.days} days")
    return delay
