"""SysTrack Cloud as a survey product meets it: token URL, affected systems, lists of sensors and groups, webhooks.

In: an administrator's or a test's command to open an activation. Out: a webhook, and addresses that tell who is affected. What
Lakeside does not publish (the bodies) comes in the shapes that a tolerant client must read; ``Shape`` and ``UsersIn`` choose one.
"""

from opulse.emulators.systrack.cloud import Cloud, CloudRefused
from opulse.emulators.systrack.models import Activation, Options, Shape, UsersIn
from opulse.emulators.systrack.product import SysTrackCloud

__all__ = ["Activation", "Cloud", "CloudRefused", "Options", "Shape", "SysTrackCloud", "UsersIn"]
