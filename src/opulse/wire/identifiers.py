"""Identifiers as the Qualtrics API shows them: a prefix, ``_`` and 15 characters of ``[0-9A-Za-z]``.

Public clients assert the total lengths (``SV_`` 18, ``POOL_`` 20, ``CID_`` 19, ...), so exactly 15 are made.
"""

from __future__ import annotations

import re
import secrets
import string
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Final
from uuid import UUID

_LENGTH: Final = 15
_OF_CHANCE: Final = 8
_ALPHABET: Final = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
# 248 = 4 * 62: bytes below it fall on each of the 62 characters equally often, the eight above are thrown away.
_FAIR: Final = 256 - 256 % len(_ALPHABET)
_TO_ALPHABET: Final = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_UNFAIR_BYTES: Final = bytes(range(_FAIR, 256))

API_TOKEN_LENGTH: Final = 40
"""Clients assert that an API token has this many characters."""


class Prefix(StrEnum):
    """What kind of thing an identifier names."""

    BLOCK = "BL"
    CHANGE_SET = "CS"  # ours, as RUN, TR and WF
    CONTACT = "CID"
    CONTACT_IN_LIST = "CGC"  # the newer form of a contact's place in one list
    CONTACT_IMPORT = "PGRS"
    DIRECTORY = "POOL"
    DISTRIBUTION = "EMD"
    DIVISION = "DV"
    DOMAIN_KEY = "DK"  # ours, as FU and MT
    EXPORT = "ES"
    FOLLOW_UP = "FU"  # ours: a planned reminder or thank-you
    FREQUENCY_RULE = "FQ"
    GRAPHIC = "IM"
    GROUP = "GR"
    LIST_MEMBER = "MLRP"  # the older form, still in links, history and skip tokens
    MAILING_LIST = "CG"
    MAIL_TEMPLATE = "MT"
    MESSAGE = "MS"
    QUOTA = "QO"
    RESPONSE = "R"
    RESPONSE_SET = "RS"
    RUN = "RUN"
    SESSION = "FS"
    SUBSCRIPTION = "SUB"
    SURVEY = "SV"
    TASK_RUN = "TR"
    TRANSACTION = "CTR"
    TRANSACTION_BATCH = "BT"
    USER = "UR"
    WORKFLOW = "WF"


def new_id(prefix: Prefix) -> str:
    """A fresh identifier, unguessable (89 bits)."""
    return f"{prefix.value}_{random_text(_LENGTH)}"


def new_ids(prefix: Prefix, count: int) -> list[str]:
    """``count`` fresh identifiers from one draw of randomness: 100,000 take about 50 ms."""
    text = random_text(_LENGTH * count)
    head = prefix.value + "_"
    return [head + text[at : at + _LENGTH] for at in range(0, _LENGTH * count, _LENGTH)]


def new_ids_in_order(prefix: Prefix, count: int, now: datetime) -> list[str]:
    """As :func:`new_ids`, but what is made later sorts later: 7 characters of the time in ms, 8 of chance (47 bits).

    Rows made one after the other then lie beside each other in every index of such an id, as with a UUID of version 7; with an id
    of chance alone each row would touch a page of its own. For things of which there are many, and whose id opens nothing.
    """
    text = random_text(_OF_CHANCE * count)
    head = f"{prefix.value}_{_in_base_62(int(now.timestamp() * 1000), _LENGTH - _OF_CHANCE)}"
    return [head + text[at : at + _OF_CHANCE] for at in range(0, _OF_CHANCE * count, _OF_CHANCE)]


def _in_base_62(number: int, length: int) -> str:
    digits = bytearray()
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return bytes(reversed(digits)).decode("ascii")


def new_guid_in_order(now: datetime) -> str:
    """A GUID of version 7 (RFC 9562 5.7): 48 bits of the time in ms, 74 of chance. What is made later sorts later."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return str(UUID(int=number & ~(3 << 62) | 2 << 62))


def new_keys_in_order(count: int, now: datetime) -> list[str]:
    """``count`` keys of 32 hexadecimal digits in the order of time: 6 bytes of the time in ms, 10 of chance (80 bits)."""
    head = int(now.timestamp() * 1000).to_bytes(6, "big").hex()
    text = secrets.token_bytes(10 * count).hex()
    return [head + text[at : at + 20] for at in range(0, 20 * count, 20)]


def random_keys(count: int) -> list[str]:
    """``count`` keys of 32 hexadecimal digits, 128 bits of chance each, from one draw of randomness."""
    text = secrets.token_bytes(16 * count).hex()
    return [text[at : at + 32] for at in range(0, 32 * count, 32)]


def new_api_token() -> str:
    """A fresh API token: 40 characters, 238 bits. Shown once, stored as a hash by whoever asked for it."""
    return random_text(API_TOKEN_LENGTH)


def random_text(length: int) -> str:
    """``length`` characters of ``[0-9A-Za-z]`` from the system's randomness, each equally likely."""
    text = b""
    while len(text) < length:
        missing = length - len(text)
        text += secrets.token_bytes(missing + missing // 16 + 8).translate(_TO_ALPHABET, _UNFAIR_BYTES)
    return text[:length].decode("ascii")


def is_id(prefix: Prefix, text: str) -> bool:
    """Whether ``text`` has the form of such an identifier; it says nothing of whether the thing exists."""
    return _pattern(prefix).fullmatch(text) is not None


@cache
def _pattern(prefix: Prefix) -> re.Pattern[str]:
    return re.compile(rf"{prefix.value}_[0-9A-Za-z]{{{_LENGTH}}}", re.ASCII)
