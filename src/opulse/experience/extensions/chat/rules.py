"""Bodies of incoming webhooks. Pure.

Slack: ``{"text": …}`` with mrkdwn, where ``& < >`` are escaped. Teams: a message with one Adaptive Card, as its Workflows app
takes it.
"""

from __future__ import annotations

from typing import Any

TEXT_MOST = 10_000


def slack_body(text: str) -> dict[str, Any]:
    """The message as written. ``<!channel>`` in a piped value is text and calls nobody."""
    escaped = text[:TEXT_MOST].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped}


def teams_body(title: str, text: str) -> dict[str, Any]:
    """A card with a title and the message."""
    blocks: list[dict[str, Any]] = [{"type": "TextBlock", "text": text[:TEXT_MOST], "wrap": True}]
    if title:
        blocks.insert(
            0, {"type": "TextBlock", "text": title[:200], "weight": "Bolder", "size": "Medium", "wrap": True}
        )
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
