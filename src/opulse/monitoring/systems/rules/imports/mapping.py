"""Which field of a record goes where: as a mapping file says, else by the names that exports are known to use.

Names of Microsoft Graph: the resources ``device``, ``managedDevice`` and ``user`` of v1.0. Of LDAP: the classes ``computer`` and
``user`` of Active Directory, and ``inetOrgPerson`` (RFC 2798).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opulse.monitoring.systems.models import FieldMapping, FileUnreadable, ImportKind

_OF_USERS = ("user_id", "email", "first_name", "last_name", "department", "language")
TARGETS: Mapping[ImportKind, tuple[str, ...]] = {
    ImportKind.DEVICES: (
        "system_id",
        "name",
        "fqdn",
        "domain",
        "operating_system",
        "platform",
        "agent_version",
        "serial",
        "ip_address",
        "site",
        *(f"user.{name}" for name in _OF_USERS),
        "user.is_primary",
        "user.last_logon",
    ),
    ImportKind.PEOPLE: (
        "user_name",
        "account",
        "email",
        "first_name",
        "last_name",
        "display_name",
        "department",
        "language",
        "active",
    ),
}
"""Where a field can go. Devices take ``attributes.<key>`` as well."""

_KEYS: Mapping[ImportKind, tuple[str, ...]] = {
    ImportKind.DEVICES: ("system_id", "serial", "name"),
    ImportKind.PEOPLE: ("user_name",),
}
_KNOWN: Mapping[ImportKind, Mapping[str, tuple[str, ...]]] = {
    # target → names of sources, the best first; compared without case, blanks, _ and -
    ImportKind.DEVICES: {
        "system_id": ("systemid", "wguid"),
        "name": ("name", "systemname", "devicename", "displayname", "computername", "hostname", "cn"),
        "fqdn": ("fqdn", "dnshostname"),
        "domain": ("domain", "domainname"),
        "operating_system": ("os", "operatingsystem"),
        "platform": ("platform",),
        "agent_version": ("agentversion",),
        "serial": ("serial", "serialnumber"),
        "ip_address": ("ip", "ipaddress"),
        "site": ("site", "location", "physicaldeliveryofficename"),
        "user.user_id": ("account", "userprincipalname", "userid", "user", "primaryuser"),
        "user.email": ("email", "useremail", "emailaddress"),
        "user.first_name": ("firstname", "userfirstname"),
        "user.last_name": ("lastname", "userlastname"),
        "user.department": ("department", "userdepartment"),
        "user.language": ("language", "userlanguage"),
        "user.is_primary": ("isprimary", "primary"),
        "user.last_logon": ("lastlogon",),
    },
    ImportKind.PEOPLE: {
        "user_name": ("username", "userprincipalname", "userid", "uid", "samaccountname"),
        "account": ("account", "onpremisessamaccountname", "samaccountname"),
        "email": ("email", "mail", "emailaddress"),
        "first_name": ("firstname", "givenname"),
        "last_name": ("lastname", "surname", "sn"),
        "display_name": ("displayname", "cn"),
        "department": ("department", "departmentnumber"),
        "language": ("language", "preferredlanguage"),
        "active": ("active", "accountenabled", "useraccountcontrol"),
    },
}
_ATTRIBUTE = "attributes."


def make_mapping(kind: ImportKind, fields: Mapping[str, str]) -> FieldMapping:
    """A mapping that somebody gave.

    Raises:
        FileUnreadable: a target is unknown, or nothing says which system or person a record is.
    """
    given = {target.strip(): source.strip() for target, source in fields.items() if source.strip()}
    unknown = [target for target in given if not _is_target(kind, target)]
    if unknown:
        known = ", ".join(TARGETS[kind]) + (" and attributes.<key>" if kind is ImportKind.DEVICES else "")
        raise FileUnreadable(f"The mapping names {', '.join(sorted(unknown))}; known are {known}.")
    keys = _KEYS[kind]
    if not any(key in given for key in keys):
        raise FileUnreadable(
            f"Map a field to {' or '.join(keys)}: else nobody knows which {_ONE[kind]} a record is."
        )
    return FieldMapping(kind, given)


def suggest_mapping(kind: ImportKind, sources: Iterable[str]) -> dict[str, str]:
    """Targets for the fields that are known by name. Columns of a table of devices that are not become attributes when they are
    called ``attributes.<key>``."""
    named = {_spoken(source): source for source in reversed(list(sources))}
    found: dict[str, str] = {}
    for target, words in _KNOWN[kind].items():
        own = (_spoken(target), *words)
        source = next((named[word] for word in own if word in named), None)
        if source is not None:
            found[target] = source
    if kind is ImportKind.DEVICES:
        found |= {source: source for source in named.values() if source.startswith(_ATTRIBUTE)}
    return found


_ONE = {ImportKind.DEVICES: "system", ImportKind.PEOPLE: "person"}


def _is_target(kind: ImportKind, target: str) -> bool:
    is_attribute = target.startswith(_ATTRIBUTE) and len(target) > len(_ATTRIBUTE)
    return target in TARGETS[kind] or (kind is ImportKind.DEVICES and is_attribute)


def _spoken(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "").replace("-", "").replace(".", "")
