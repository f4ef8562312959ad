"""The words of relay, DNS and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Card, Kind, Severity

_F, _W = Severity.FAULT, Severity.WARNING

AROUND: Final[Mapping[Kind, Card]] = {
    Kind.NO_RELAY: Card(
        _F,
        "Mail waits, and is too late after an hour.",
        "Set OPULSE_SMTP_HOST.",
        "Leave OPULSE_SMTP_HOST empty.",
    ),
    Kind.RELAY_FAILS: Card(
        _F,
        "No mail leaves.",
        "Mend what the relay says: OPULSE_SMTP_HOST, _PORT, _SECURITY, _USERNAME, _PASSWORD.",
        "Stop the relay, let its certificate end, or change its password.",
    ),
    Kind.RELAY_IN_CLEAR: Card(
        _W,
        "Who is between reads names, addresses and personal links.",
        "Set OPULSE_SMTP_SECURITY=starttls.",
        "Set OPULSE_SMTP_SECURITY=none with a relay on another machine.",
    ),
    Kind.LOCAL_ADDRESS: Card(
        _F, "Nobody can open the survey.", "Set OPULSE_PUBLIC_URL.", "Leave OPULSE_PUBLIC_URL empty."
    ),
    Kind.DNS_FAILS: Card(
        _W,
        "Whether receivers accept the mails is not known.",
        "Set OPULSE_RESOLVER to a resolver that answers.",
        "Name a resolver that does not answer.",
    ),
    Kind.SPF_MISSING: Card(
        _F,
        "Large receivers refuse mail of a domain without SPF (RFC 7208).",
        "Publish the record that the page Sender domains shows.",
        "Send from a domain without an SPF record.",
    ),
    Kind.SPF_SEVERAL: Card(
        _F,
        "Two records are a permanent error (RFC 7208 4.5), as good as none.",
        "Join them into one.",
        "Publish a second SPF record.",
    ),
    Kind.SPF_OPEN: Card(
        _W, "Anybody may send as you.", "End the record with ~all or -all.", "Publish v=spf1 +all."
    ),
    Kind.DKIM_MISSING: Card(
        _F,
        "Each signature fails (RFC 6376), and with it DMARC where SPF is not aligned.",
        "Publish the record that the page Sender domains shows.",
        "Switch a key on before its record is published.",
    ),
    Kind.DKIM_DIFFERS: Card(
        _F,
        "Each signature fails (RFC 6376).",
        "Publish the record that the page Sender domains shows.",
        "Publish the record of another key.",
    ),
    Kind.DMARC_MISSING: Card(
        _W,
        "Large receivers refuse bulk mail of a domain without DMARC (RFC 7489).",
        "Publish one record at _dmarc, to begin with v=DMARC1; p=none.",
        "Send from a domain without a DMARC record.",
    ),
    Kind.CLOCK_DIFFERS: Card(
        _W,
        "Signatures, tokens and fatigue windows are judged by the wrong time.",
        "Let NTP set the clocks: timedatectl set-ntp true.",
        "Set a machine's clock five minutes ahead.",
    ),
}
