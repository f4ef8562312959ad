"""SCIM 2.0: schemas, messages, the filter and the paths that we take (RFC 7643, RFC 7644). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CONTENT_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_FILTER = re.compile(
    r'\s*(?P<attribute>[A-Za-z][\w.:-]*)\s+eq\s+"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.IGNORECASE
)
_EMAILS = re.compile(r'emails(\[type\s+eq\s+"work"\])?(\.value)?', re.IGNORECASE)


class ScimFault(StrEnum):
    """``scimType`` of an error (RFC 7644, 3.12)."""

    UNIQUENESS = "uniqueness"  # another user has the userName
    INVALID_VALUE = "invalidValue"  # a value does not fit, or a required one is missing
    INVALID_FILTER = "invalidFilter"  # the filter cannot be read, or asks for what we do not compare
    INVALID_PATH = "invalidPath"  # a PATCH names an attribute that nobody could read
    INVALID_SYNTAX = "invalidSyntax"  # the body is no message of SCIM


class ScimRefused(ValueError):
    """A request that cannot be carried out; the message says what to mend."""

    def __init__(self, fault: ScimFault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ScimUser:
    """What a User says of a person; None: nothing. An empty text takes away what was said before."""

    user_name: str | None = None
    external_id: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    department: str | None = None
    language: str | None = None
    active: bool | None = None


_PATHS: Mapping[str, str] = {
    "username": "user_name",
    "externalid": "external_id",
    "displayname": "display_name",
    "preferredlanguage": "language",
    "active": "active",
    "name.givenname": "given_name",
    "name.familyname": "family_name",
    f"{ENTERPRISE.lower()}:department": "department",
}
_FILTERED: Mapping[str, str] = {
    "username": "user_name",
    "externalid": "external_id",
    "id": "id",
    "emails": "email",
    "emails.value": "email",
    "displayname": "display_name",
}


def read_filter(text: str) -> tuple[str, str]:
    """(our name of the attribute, the value) of ``attribute eq "value"``.

    Raises:
        ScimRefused: another filter.
    """
    found = _FILTER.fullmatch(text)
    name = _FILTERED.get(_plain(found["attribute"]).lower()) if found else None
    if found is None or name is None:
        raise ScimRefused(
            ScimFault.INVALID_FILTER,
            'Of filters userName, externalId, id, emails and displayName eq "…" are understood.',
        )
    return name, re.sub(r"\\(.)", r"\1", found["value"])


def read_user(body: Any) -> ScimUser:
    """The User of a POST or PUT. What it leaves out is None.

    Raises:
        ScimRefused: it is none, or has no userName.
    """
    if not isinstance(body, dict):
        raise ScimRefused(ScimFault.INVALID_SYNTAX, "The body is no JSON object.")
    said = _read(_folded(body))
    if not said.get("user_name"):
        raise ScimRefused(ScimFault.INVALID_VALUE, "userName is required.")
    return ScimUser(**said)


def read_patch(body: Any) -> ScimUser:
    """What the operations of a PATCH say together; later ones have the last word.

    Raises:
        ScimRefused: it is no PatchOp, or an operation cannot be carried out.
    """
    operations = _folded(body).get("operations") if isinstance(body, dict) else None
    if not isinstance(operations, list) or not operations:
        raise ScimRefused(ScimFault.INVALID_SYNTAX, "The body is no PatchOp with Operations.")
    said: dict[str, Any] = {}
    for operation in operations:
        said |= _read_operation(operation)
    if said.get("user_name") == "":
        raise ScimRefused(ScimFault.INVALID_VALUE, "userName is required.")
    return ScimUser(**said)


def write_list(total: int, start: int, resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A ListResponse; ``start`` counts from 1."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def write_error(status: int, detail: str, fault: ScimFault | None = None) -> dict[str, Any]:
    """The body of an error."""
    kind = {"scimType": fault.value} if fault else {}
    return {"schemas": [ERROR], "status": str(status), "detail": detail, **kind}


def _read_operation(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, dict):
        raise ScimRefused(ScimFault.INVALID_SYNTAX, "An operation is no JSON object.")
    folded = _folded(operation)
    verb, path, value = str(folded.get("op", "")).lower(), folded.get("path"), folded.get("value")
    if verb not in ("add", "replace", "remove"):
        raise ScimRefused(ScimFault.INVALID_SYNTAX, "op is none of add, replace and remove.")
    if not path:
        if verb == "remove" or not isinstance(value, dict):
            raise ScimRefused(ScimFault.INVALID_PATH, "An operation without a path needs an object as value.")
        return _read_paths(value)
    return _read_path(str(path), "" if verb == "remove" else value)


def _read_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """A value without a path: names of attributes, of which Entra ID writes some as whole paths."""
    said = _read(_folded(values))
    for name, value in values.items():
        if "." in name or _plain(name) != name:
            said |= _read_path(name, value)
    return said


def _read_path(path: str, value: Any) -> dict[str, Any]:
    name = _plain(path)
    if _EMAILS.fullmatch(name):
        emails = value if isinstance(value, list) else [{"value": value}]
        return {"email": _email(emails)}
    if name.lower() in ("name", ENTERPRISE.lower()):
        return _read(_folded({name: value if isinstance(value, dict) else {}}), emptied=not value)
    target = _PATHS.get(name.lower())
    if target is None:
        return {}  # an attribute that we do not keep (RFC 7644, 3.5.2: a provider may ignore it)
    return {target: _flag(value) if target == "active" else _text(name, value)}


def _read(body: Mapping[str, Any], *, emptied: bool = False) -> dict[str, Any]:
    """Attributes of a User, by our names; ``body`` has its names in lower case."""
    said: dict[str, Any] = {}
    for spoken, target in _PATHS.items():
        value = _at(body, spoken)
        if value is not None:
            said[target] = _flag(value) if target == "active" else _text(spoken, value)
    if "emails" in body:
        said["email"] = _email(body["emails"])
    if emptied and "name" in body:
        said |= {"given_name": "", "family_name": ""}
    if emptied and ENTERPRISE.lower() in body:
        said["department"] = ""
    return said


def _at(body: Mapping[str, Any], spoken: str) -> Any:
    for part in ("name.", f"{ENTERPRISE.lower()}:"):
        if spoken.startswith(part):
            inner = body.get(part[:-1])
            return _folded(inner).get(spoken.removeprefix(part)) if isinstance(inner, dict) else None
    return body.get(spoken)


def _email(emails: Any) -> str:
    """The primary one, else that of work, else the first."""
    found = [_folded(one) for one in emails if isinstance(one, dict)] if isinstance(emails, list) else []
    ranked = sorted(found, key=lambda one: (one.get("primary") is not True, one.get("type") != "work"))
    return _text("emails", ranked[0].get("value") or "") if ranked else ""


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 255 or "\0" in value or re.search("[\ud800-\udfff]", value):
        raise ScimRefused(ScimFault.INVALID_VALUE, f"{name} is a text of at most 255 characters.")
    return value.strip()


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):  # Entra ID writes "True"
        return str(value).lower() == "true"
    raise ScimRefused(ScimFault.INVALID_VALUE, "active is true or false.")


def _plain(name: str) -> str:
    """Without the schema of a User before it."""
    return name[len(USER) + 1 :] if name.lower().startswith(USER.lower() + ":") else name


def _folded(body: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in body.items()}
