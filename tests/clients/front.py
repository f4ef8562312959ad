"""What stands between an unchanged client and the product: ``https://anything.qualtrics.com`` ends at our server on loopback.

Clients have the vendor's host names built in. A small proxy takes their CONNECT for any host, ends TLS with a certificate of an
authority that lives as long as the test, and passes each request on, as a reverse proxy in front of an installation does. Nothing
of a client is touched: ``HTTPS_PROXY`` and ``REQUESTS_CA_BUNDLE`` are settings that its HTTP library reads. Clients whose base
address is a setting use ``url``, the same without CONNECT.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "127.0.0.1"
NAMES = ("*.qualtrics.com", "localhost")
START_SECONDS = 20.0
_DROPPED = (b"connection:", b"proxy-connection:", b"x-forwarded-proto:")


class Front:
    """Listens from ``start`` to ``stop``. ``record`` gets one line per request: verb, target, status."""

    def __init__(self, upstream_port: int, folder: Path) -> None:
        self.record = folder / "requests.txt"
        self.authority = folder / "authority.pem"
        self.proxy = ""
        self.url = ""
        self._upstream_port = upstream_port
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="front", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        self.record.touch()
        self._tls = _make_tls(self._folder, self.authority)
        self._thread.start()
        assert self._ready.wait(START_SECONDS), "the proxy of the test did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        for server in self._servers:
            server.close()
        waiting = asyncio.all_tasks(self._loop)
        for task in waiting:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _listen(self) -> None:
        connect = await asyncio.start_server(_quietly(self._tunnel), HOST, 0)
        direct = await asyncio.start_server(_quietly(self._pass_on), HOST, 0, ssl=self._tls)
        self.proxy = f"http://{HOST}:{connect.sockets[0].getsockname()[1]}"
        self.url = f"https://{HOST}:{direct.sockets[0].getsockname()[1]}"
        self._servers = (connect, direct)
        self._ready.set()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self._tls)
        await self._pass_on(reader, writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer; then the connection ends, which every client copes with."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        kept = [line for line in lines if not line.lower().startswith(_DROPPED)]
        lengths = [line.partition(b":")[2] for line in kept if line.lower().startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        kept += [b"X-Forwarded-Proto: https", b"Connection: close"]
        answer = await self._ask(b"\r\n".join([first, *kept, b"", body]))
        verb, target, _ = first.decode().split(" ")
        status = answer.split(b" ", 2)[1].decode()
        with self.record.open(
            "a"
        ) as lines_of_record:  # before the client knows, so that it finds its own line
            lines_of_record.write(f"{verb} {target} {status}\n")
        writer.write(answer)

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, self._upstream_port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def _quietly(handle: _Handler) -> _Handler:
    """A client that went away is no fault of the test; the connection is closed in any case."""

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    return handled


def _make_tls(folder: Path, authority: Path) -> ssl.SSLContext:
    """A server's context; ``authority`` gets the certificate that clients have to believe."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests of Operational Pulse")])
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    alternatives = [x509.DNSName(name) for name in NAMES] + [x509.IPAddress(ipaddress.ip_address(HOST))]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    leaf = (
        _certificate(name, root_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    authority.write_bytes(root.public_bytes(pem))
    chain, secret = folder / "server.pem", folder / "server.key"
    chain.write_bytes(leaf.public_bytes(pem))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return context


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
