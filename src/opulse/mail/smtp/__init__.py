"""Our end of SMTP: sessions kept per relay, pipelined bursts, exactly one outcome per mail.

``RelayPool`` for the many (permit, then burst), ``send_one`` for the single mail.
"""

from opulse.mail.smtp.burst import BURST, Stop, never
from opulse.mail.smtp.pool import Permit, RelayPool, send_one

__all__ = ["BURST", "Permit", "RelayPool", "Stop", "never", "send_one"]
