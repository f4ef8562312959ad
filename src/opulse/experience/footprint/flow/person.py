"""One person's touchpoints, and whether they may be asked now."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.directory.models import Contact
from opulse.experience.directory.rules import rules_for
from opulse.experience.distributions.views import find_suppression
from opulse.experience.footprint.models import MayAsk, PersonFacts
from opulse.experience.footprint.rules import explain
from opulse.experience.footprint.store.timeline import find_past, list_touchpoints
from opulse.tenancy import get_tenant

__all__ = ["list_touchpoints", "may_ask_in"]


def may_ask_in(
    conn: Connection, tenant: int, contact: Contact, now: datetime, *, survey: str = "", list_id: str = ""
) -> MayAsk:
    """Whether the contact may be asked by a sending of ``survey`` to ``list_id``; both may be left open."""
    rules = rules_for(directory.list_rules(conn, tenant, contact.directory), survey=survey, list_id=list_id)
    longest = max((rule.period_seconds for rule in rules), default=0)
    past = find_past(conn, tenant, contact.id, now - timedelta(seconds=max(longest, 86_400)))
    hours = directory.find_hours(conn, tenant, contact.directory)
    email = contact.email.strip().lower()
    opt_out = directory.find_opt_out(conn, tenant, contact.id)
    person = PersonFacts(
        email=email,
        reachable=get_tenant(conn, tenant).lets_mail_reach(email),
        opted_out_everywhere=opt_out.everywhere_since is not None,
        opted_out=contact.unsubscribed,
        out_of_list=bool(list_id) and bool(directory.find_in_list(conn, tenant, list_id, contact.id)),
        muted_until=opt_out.muted_until,
        time_zone=contact.time_zone,
        suppressed=find_suppression(conn, tenant, email) if email else None,
        shift=str(contact.embedded.get(hours.shift_field) or "") if hours.shift_field else "",
    )
    return explain(person, rules, hours, past, now)
