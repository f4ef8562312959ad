"""The tables of the stage."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from opulse.db import Instant, JsonDoc, metadata

distributions = Table(
    "distributions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("survey", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("task", Text, nullable=False),  # of the workflow
    Column("cause", Text, nullable=False),  # the activation, else the run
    Column("activation", Text, nullable=False),  # empty: no incident is behind it
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("link_type", Text, nullable=False),
    Column("list", Text, nullable=False),  # the mailing list whose opt-outs count; empty: none
    Column("language", Text, nullable=False),  # "contact" or a code
    Column("message", JsonDoc, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default="0"),  # people ever asked or held
    Column("shared_link", Text, nullable=False),  # the id inside an anonymous link
    Column("confirmed_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("channel", Text, nullable=False, server_default="mail"),
    Column("desktop_until", Instant, nullable=True),  # until when desktops are offered it; null: never
    Column("kind", Text, nullable=False, server_default="invite"),
    Column("parent", Text, nullable=False, server_default=""),  # the invitation's, of a reminder or thank-you
    Column("digest", Text, nullable=False, server_default=""),  # of what its mails say; see rules/duplicates
    Column("embedded", JsonDoc, nullable=False, server_default="{}"),  # the task's embedded data, frozen
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "workflow", "task", "cause"),
    Index("ix_distributions_digest", "tenant", "digest"),
    Index("ix_distributions_parent", "tenant", "parent"),
    Index("ix_distributions_activation", "tenant", "activation"),
    Index("ix_distributions_cause", "tenant", "cause"),
    Index("ix_distributions_survey", "tenant", "survey"),
    Index("ix_distributions_state", "state"),
    Index("ix_distributions_shared_link", "tenant", "shared_link"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),  # 32 hex characters: the id inside the link's token
    Column("distribution", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),  # the frequency rule that spared; else empty
    Column("email", Text, nullable=False),  # frozen with the names and the fields when asked
    Column("email_key", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("fields", JsonDoc, nullable=False),  # other pipes of the message → the contact's values then
    Column("message_id", Text, nullable=False),
    Column("claim", Text, nullable=False),  # who is sending it; empty: nobody
    Column("lease_until", Instant, nullable=True),  # of the claim
    Column("next_try_at", Instant, nullable=True),  # null: the sender leaves it alone
    Column("hold_until", Instant, nullable=True),  # when a held one is decided again; null: when confirmed
    Column("open_until", Instant, nullable=False),  # until then no other pulse asks this person
    Column("attempts", Integer, nullable=False),
    Column("ambiguous", Boolean, nullable=False),
    Column("relay_code", Integer, nullable=False),
    Column("relay_text", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),  # when it was decided, asked or spared
    Column("send_by", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("sent_at", Instant, nullable=True),  # when the relay took it, or else a desktop showed it
    Column("shown_at", Instant, nullable=True),  # when a desktop first showed it, mailed or not
    # The link is another invitation's: this mail reminds or thanks, and counts for no frequency rule. Empty: its own.
    Column("of_invitation", Text, nullable=False, server_default=""),
    Column("progress", Text, nullable=False, server_default=""),  # how far the person came with the survey
    Column("progress_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    # what was asked once; by contact first, for the ledger and the history ask about people
    UniqueConstraint("tenant", "contact", "cause", "workflow", "wave"),
    ForeignKeyConstraint(["tenant", "distribution"], ["distributions.tenant", "distributions.id"]),
    ForeignKeyConstraint(["tenant", "contact"], ["contacts.tenant", "contacts.id"]),
    Index("ix_invitations_activation", "tenant", "activation", "email_key"),
    Index("ix_invitations_distribution", "tenant", "distribution", "state"),
)

# The work lists of the sender: small, because a settled invitation leaves them.
_DUE = text("next_try_at IS NOT NULL")
Index(
    "ix_invitations_due",
    invitations.c.tenant,
    invitations.c.distribution,
    invitations.c.next_try_at,
    sqlite_where=_DUE,
    postgresql_where=_DUE,
)
_CLAIMED = text("lease_until IS NOT NULL")
Index("ix_invitations_lease", invitations.c.lease_until, sqlite_where=_CLAIMED, postgresql_where=_CLAIMED)
_MAY_WAIT = "state IN ('queued', 'deferred', 'held', 'unknown', 'offered')"
Index(
    "ix_invitations_send_by",
    invitations.c.send_by,
    sqlite_where=text(_MAY_WAIT),
    postgresql_where=text(_MAY_WAIT),
)
may_wait = text(f"invitations.{_MAY_WAIT}")
"""In the very words of the partial index: a planner that is given bound values, or *= 1* behind, does not see that it fits."""
_ON_DESKTOPS = text("desktop_until IS NOT NULL")
Index(
    "ix_distributions_desktop",
    distributions.c.tenant,
    distributions.c.desktop_until,
    sqlite_where=_ON_DESKTOPS,
    postgresql_where=_ON_DESKTOPS,
)
_HELD = text("hold_until IS NOT NULL")
Index("ix_invitations_hold", invitations.c.hold_until, sqlite_where=_HELD, postgresql_where=_HELD)
