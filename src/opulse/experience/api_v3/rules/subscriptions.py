"""Topics of event subscriptions and the bodies that are delivered to them (qualtrics-api.md 1.14)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha512
from urllib.parse import urlencode

from opulse.experience.api_v3.rules.moments import plain


def message_of(status: str, survey: str, response: str, completed: datetime, brand: str) -> dict[str, str]:
    """What happened, in the product's five words and their order."""
    return {
        "Status": status,
        "SurveyID": survey,
        "ResponseID": response,
        "CompletedDate": plain(completed),
        "BrandID": brand,
    }


def body_of(topic: str, message: Mapping[str, str], shared_key: str) -> str:
    """The form that is posted: plain fields, or with a key the signed message."""
    named = f"{message['BrandID']}.{topic}"
    if not shared_key:
        return urlencode({"Topic": named, **message})
    text = json.dumps(message, separators=(",", ":"))
    return urlencode({"HMAC": sign(shared_key, text), "MSG": text, "Topic": named})


def sign(shared_key: str, text: str) -> str:
    """HMAC-SHA512 in lower-case hex."""
    return hmac.new(shared_key.encode(), text.encode(), sha512).hexdigest()


def is_about(wanted: str, topic: str) -> bool:
    """Whether somebody who asked for ``wanted`` hears of ``topic``; a ``*`` at the end stands for anything."""
    return topic.startswith(wanted[:-1]) if wanted.endswith("*") else topic == wanted
