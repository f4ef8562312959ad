"""DKIM signatures (RFC 6376) of our own, for who has no relay that signs. With the extra ``opulse[dkim]``.

RSA in Python takes some milliseconds per mail: a relay that signs is many times as fast, and is what a large installation uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from opulse.mail.models import WireMessage

SIGNED = (
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "content-language",
    "mime-version",
    "content-type",
)
"""RFC 8058 4: both List-Unsubscribe headers must be signed. Those that a message does not have are left out."""
_PROBE = WireMessage(b"From: probe@example.org\r\nSubject: probe\r\n\r\nprobe\r\n")


class CannotSign(ValueError):
    """Mails cannot be signed with what was given; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One domain's key. Nothing in it changes, so a copy in another process is as good."""

    domain: str
    selector: str
    """Where receivers find the public key: ``<selector>._domainkey.<domain>``."""
    key: str = field(repr=False)
    """The private RSA key in PEM form."""

    def sign(self, message: WireMessage) -> WireMessage:
        """The message with its signature as the first header."""
        import dkim

        header = dkim.sign(
            message,
            self.selector.encode("ascii"),
            self.domain.encode("idna"),
            self.key.encode("ascii"),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=self._present(message),
        )
        return WireMessage(header + message)

    def check(self) -> None:
        """See that mails can be signed.

        Raises:
            CannotSign: the extra is missing, the key cannot be read, or a name is no name.
        """
        try:
            import dkim
        except ImportError as error:
            raise CannotSign("signing mails needs the extra: install opulse[dkim]") from error
        if not (self.domain and self.selector):
            raise CannotSign("signing mails needs a domain and a selector beside the key")
        try:
            self.sign(_PROBE)
        except (dkim.DKIMException, ValueError) as error:  # also what cannot be written in ASCII
            raise CannotSign(
                f"the key, domain or selector for signing mails cannot be used: {error}"
            ) from error

    def _present(self, message: WireMessage) -> list[bytes]:
        head, _, _ = message.partition(b"\r\n\r\n")
        names = {
            line.partition(b":")[0].strip().lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"
        }
        return [name.encode("ascii") for name in SIGNED if name.encode("ascii") in names]
