"""Which account of this machine a server's name for a person means. Pure; a doubt means nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DOMAIN_FIRST, _DOMAIN_LAST = re.compile(r"^([^\\]+)\\(.+)$"), re.compile(r"^(.+)@([^@]+)$")


def account_of(user: str, accounts: Iterable[str]) -> str | None:
    """The one of ``accounts`` that is ``user``: the same name, else the only one of that name whose domain does not differ.

    ``EXAMPLE\\maya`` and ``maya@example.org`` have one domain here: a short name is the first part of a long one.
    """
    known = list(dict.fromkeys(accounts))
    same = [one for one in known if one.casefold() == user.casefold()]
    if not same:
        name, domain = _parts(user)
        same = [one for one in known if _parts(one)[0] == name and _agree(_parts(one)[1], domain)]
    return same[0] if len(same) == 1 else None


def _parts(account: str) -> tuple[str, str]:
    """Name and domain, empty where there is none."""
    folded = account.strip().casefold()
    if found := _DOMAIN_FIRST.match(folded):
        return found[2], found[1]
    if found := _DOMAIN_LAST.match(folded):
        return found[1], found[2]
    return folded, ""


def _agree(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return not short or short == long or long.split(".", 1)[0] == short
