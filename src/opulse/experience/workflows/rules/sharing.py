"""What may this caller do with this workflow? Pure."""

from __future__ import annotations

from opulse.experience.workflows.models import ShareLevel, Sharing
from opulse.web.roles import Caller, Role


def decide_level(caller: Caller, sharing: Sharing) -> ShareLevel | None:
    """The level; None: the workflow does not exist for this caller.

    A share never gives more than the role: who may only look can be shown a workflow, not be let change it.
    """
    if caller.may(Role.ADMIN) or caller.role is Role.INTEGRATION:
        return ShareLevel.OWNER
    if not caller.may(Role.EDITOR):
        known = caller.user_id == sharing.owner or caller.user_id in sharing.shares
        return ShareLevel.READ if known or not sharing.private else None
    if caller.user_id and caller.user_id == sharing.owner:
        return ShareLevel.OWNER
    if caller.user_id in sharing.shares:
        return sharing.shares[caller.user_id]
    if sharing.private:
        return None
    return ShareLevel.EDIT if sharing.owner else ShareLevel.OWNER
