"""The routes of the API v3, part by part, and the one form of their paths."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.experience.api_v3.api import (
    amending,
    batches,
    contact_history,
    contact_imports,
    contacts,
    definitions,
    distributions,
    left_alone,
    libraries,
    mailing_lists,
    oauth,
    responses,
    searching,
    subscriptions,
    surveys,
    transactions,
    unknown,
    users,
)
from opulse.experience.api_v3.api.edge import OneForm
from opulse.web.joining import join

make_express = OneForm

router = APIRouter()
for _part in (
    oauth,
    users,
    searching,  # before contacts: its paths would be a contact's
    left_alone,  # the same
    contacts,
    contact_history,
    transactions,
    batches,
    contact_imports,
    mailing_lists,
    surveys,
    definitions,
    distributions,
    libraries,
    responses,
    amending,
    subscriptions,
):
    join(router, _part.router)
join(router, unknown.router)  # last: it takes what nobody took

__all__ = ["make_express", "router"]
