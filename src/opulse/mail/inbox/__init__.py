"""The demo's mail sink: an SMTP server on a loopback port that keeps every mail as a file, and functions to look at them.

For the demo and for tests; it trusts whoever connects. ``Inbox`` is the server, ``Mailbox`` what it keeps.
"""

from opulse.mail.inbox.mailbox import Mailbox, MessagePage
from opulse.mail.inbox.reading import InboxMessage, InboxSummary
from opulse.mail.inbox.server import Faults, Inbox

__all__ = ["Faults", "Inbox", "InboxMessage", "InboxSummary", "Mailbox", "MessagePage"]
