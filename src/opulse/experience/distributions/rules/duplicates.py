"""The screen that keeps the same mail from reaching the same person twice within 12 hours (qualtrics-product.md 13.9)."""

from __future__ import annotations

import json
from hashlib import sha256

from opulse.experience.distributions.models.records import AskRequest


def message_digest(request: AskRequest, version: int) -> str:
    """The same for two requests whose mails say the same to the same person: who sends, subject, body, survey, look.

    Taken before links are filled in, for those always differ. What an activation is called stands in the subject, so mails about
    two activations are never the same; two runs without one are, for nobody wants to be asked twice because a button was pressed
    twice.
    """
    message = request.message
    said = [
        request.activation,
        request.survey,
        version,
        request.link_type.value,
        message.from_address,
        message.from_name,
        message.reply_to,
        message.subject,
        message.body,
        sorted((language, one.subject, one.body) for language, one in message.translations.items()),
        message.mjml,
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:32]
