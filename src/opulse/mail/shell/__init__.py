"""The HTML and text of our mails: MJML compiled once per text, with the slots left in for ``message`` to fill."""

from opulse.mail.shell.invitation import Choice, Invitation, invitation_html, invitation_text
from opulse.mail.shell.look import STARTER, find_problems
from opulse.mail.shell.notice import Notice, notice_html, notice_text

__all__ = [
    "STARTER",
    "Choice",
    "Invitation",
    "Notice",
    "find_problems",
    "invitation_html",
    "invitation_text",
    "notice_html",
    "notice_text",
]
