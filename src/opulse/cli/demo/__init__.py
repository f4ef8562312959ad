"""``opulse demo``: the whole product in one process, with an estate, a mail sink and people who answer.

The tenant and its first administrator are made in-process, as ``opulse init`` does; everything else goes through the public
HTTP API by the integration guide's five procedures (``procedures.py``).
"""

from opulse.cli.demo.command import add_to

__all__ = ["add_to"]
