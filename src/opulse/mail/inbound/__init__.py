"""The door for mails that come back: a small SMTP and LMTP server behind the organisation's own mail server."""

from opulse.mail.inbound.server import Inbound, Taken, Takes
from opulse.mail.inbound.turns import InTurn

__all__ = ["InTurn", "Inbound", "Taken", "Takes"]
