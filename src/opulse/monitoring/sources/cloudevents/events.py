"""The HTTP binding of CloudEvents 1.0: which documents a request carries."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from opulse.monitoring.sources.models import Delivery
from opulse.wire.errors import UnreadableBody

_STRUCTURED = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_NEEDED = ("id", "source", "type")


class Unfit(msgspec.Struct, frozen=True):
    """In place of a document that is no CloudEvent, and why."""

    why: str


def documents_of(delivery: Delivery) -> list[Any]:
    """The documents: events with their data decoded, or the plain JSON of the body, of a list each element.

    Raises:
        UnreadableBody: the body is not JSON where it must be, or of a mode that is not understood.
    """
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _BATCH:
        batch = _json(delivery.body)
        if not isinstance(batch, list):
            raise UnreadableBody("a batch of CloudEvents is a JSON list")
        return [_structured(one) for one in batch]
    if kind == _STRUCTURED:
        return [_structured(_json(delivery.body))]
    if kind.startswith("application/cloudevents"):
        raise UnreadableBody(f"{kind} is not understood; CloudEvents are taken as JSON")
    if "ce-specversion" in delivery.headers:
        return [_binary(delivery, kind)]
    plain = _json(delivery.body)
    return plain if isinstance(plain, list) else [plain]


def _structured(event: Any) -> Any:
    if not isinstance(event, dict):
        return Unfit("a CloudEvent is a JSON object")
    why = _why_unfit(event)
    if why:
        return Unfit(why)
    if "data_base64" not in event:
        return event
    try:
        data = base64.b64decode(str(event["data_base64"]), validate=True)
    except (binascii.Error, ValueError):
        return Unfit("data_base64 is not Base64")
    rest = {name: value for name, value in event.items() if name != "data_base64"}
    return rest | {"data": _data(data, str(event.get("datacontenttype", "")))}


def _binary(delivery: Delivery, kind: str) -> Any:
    event: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value)
        for name, value in delivery.headers.items()
        if name.startswith("ce-")
    }
    why = _why_unfit(event)
    if why:
        return Unfit(why)
    if kind:
        event["datacontenttype"] = kind
    return event | {"data": _data(delivery.body, kind)} if delivery.body else event


def _why_unfit(event: Mapping[str, Any]) -> str:
    if event.get("specversion") != "1.0":
        return "specversion is not 1.0"
    missing = [name for name in _NEEDED if not isinstance(event.get(name), str) or not event[name]]
    return f"a CloudEvent needs {', '.join(missing)}" if missing else ""


def _data(data: bytes, kind: str) -> Any:
    """The value of JSON, the text of anything else."""
    kind = kind.partition(";")[0].strip().lower()
    if not kind or kind.endswith(("/json", "+json")):
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return data.decode("utf-8", "replace")
    return data.decode("utf-8", "replace")


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody("the body is not JSON") from error
