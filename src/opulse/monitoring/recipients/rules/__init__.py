"""Pure decisions on a recipient: whether it can be saved, and the headers that its webhook sends."""

from opulse.monitoring.recipients.rules.bodies import fill_in, mask_values, variables_of
from opulse.monitoring.recipients.rules.drafts import check_draft, check_webhook
from opulse.monitoring.recipients.rules.keeping import keep_secrets
from opulse.monitoring.recipients.rules.requests import build_headers
from opulse.monitoring.recipients.rules.rotation import check_rotation

__all__ = [
    "build_headers",
    "check_draft",
    "check_rotation",
    "check_webhook",
    "fill_in",
    "keep_secrets",
    "mask_values",
    "variables_of",
]
