"""The door for mails that come back: a small SMTP and LMTP server behind the organisation's own mail server."""

from opulse.mail.inbound.server import Inbound, Taken, Takes

__all__ = ["Inbound", "Taken", "Takes"]
