"""Write an audit row in the unit that makes the change, so that neither exists without the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.tenancy.store.audit import insert_audit

_HIDDEN = ("password", "secret", "token", "digest", "key")


def audit_in(
    conn: Connection,
    tenant: int,
    actor: str,
    action: str,
    what: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    """Record that ``actor`` did ``action`` to ``what``. Values named like a secret are left out, however deep."""
    insert_audit(conn, tenant, now, actor, action, what, _plain(before), _plain(after))


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    if not values:
        return {}
    decoded: dict[str, Any] = json.loads(json.dumps(_without_secrets(values), default=str))
    return decoded


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: "(hidden)" if _sounds_secret(str(name)) else _without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(inner) for inner in value]
    return value


def _sounds_secret(name: str) -> bool:
    return any(part in name.lower() for part in _HIDDEN)
