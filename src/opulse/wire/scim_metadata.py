"""What a SCIM client may ask of us before it begins: configuration, resource types, schemas (RFC 7643, 5 to 7)."""

from __future__ import annotations

from typing import Any

from opulse.wire.scim import ENTERPRISE, USER

MOST_RESULTS = 200
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(base: str) -> dict[str, Any]:
    """``base``: address of ``/scim/v2``."""
    off = {"supported": False}
    return {
        "schemas": [_CONFIG],
        "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
        "patch": {"supported": True},
        "bulk": {**off, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": off,
        "sort": off,
        "etag": off,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Integration key",
                "description": "An integration key of the tenant as the bearer token.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """The one that there is."""
    return [
        {
            "schemas": [_TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "A person of the organisation's directory",
            "schema": USER,
            "schemaExtensions": [{"schema": ENTERPRISE, "required": False}],
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/User"},
        }
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """The attributes that are kept."""
    name = _attribute("name", kind="complex", inner=[_attribute("givenName"), _attribute("familyName")])
    emails = _attribute(
        "emails",
        kind="complex",
        many=True,
        inner=[_attribute("value"), _attribute("type"), _attribute("primary", kind="boolean")],
    )
    user = [
        _attribute("userName", required=True, unique="server"),
        _attribute("displayName"),
        _attribute("preferredLanguage"),
        _attribute("active", kind="boolean"),
        name,
        emails,
    ]
    return [
        _schema(base, USER, "User", user),
        _schema(base, ENTERPRISE, "EnterpriseUser", [_attribute("department")]),
    ]


def _schema(base: str, urn: str, name: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
    }


def _attribute(
    name: str,
    *,
    kind: str = "string",
    required: bool = False,
    unique: str = "none",
    many: bool = False,
    inner: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": many,
        "required": required,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": unique,
    }
    return made if inner is None else made | {"subAttributes": inner}
