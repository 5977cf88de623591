"""What stands in for the world outside: a private authority, a server over TLS, and a proxy that tells what it saw."""

from __future__ import annotations

import contextlib
import datetime
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

BODY = b'{"here": true}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"

PATIENCE = 10.0
"""Seconds after which nobody waits any more: a test that went wrong must end."""


class Authority:
    """Signs certificates, as that of a company does; its own lacks what RFC 5280 asks for beyond the necessary."""

    def __init__(self, folder: Path, name: str = "A private authority", above: Authority | None = None) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signing = above or self
        builder = signing._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        self.pem = builder.sign(signing._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        self.file = folder / f"{''.join(filter(str.isalnum, name))}.pem"
        self.file.write_text(self.pem)

    def tls_for(self, host: str) -> ssl.SSLContext:
        """What a server called ``host`` shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        file = self._folder / f"{host}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - datetime.timedelta(hours=1),
            not_valid_after=now + datetime.timedelta(hours=1),
        )


@dataclass
class Seen:
    """A server, and the heads of the requests that reached it."""

    port: int = 0
    heads: list[str] = field(default_factory=list)


@contextlib.contextmanager
def server(tls: ssl.SSLContext | None = None, body: bytes = BODY) -> Iterator[Seen]:
    """Answers everything with a body of JSON."""
    seen = Seen()

    def answer(connection: socket.socket) -> None:
        while head := _head(connection):
            seen.heads.append(head)
            connection.sendall(ANSWER % (len(body), body))

    with listening(answer, tls) as seen.port:
        yield seen


@contextlib.contextmanager
def proxy(target: int, *, status: str | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Seen]:
    """Leads every CONNECT to one port of loopback, whatever host it names; with ``status`` it refuses."""
    seen = Seen()

    def lead(connection: socket.socket) -> None:
        seen.heads.append(_head(connection))
        if status is not None:
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", target), timeout=PATIENCE) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(connection, far)

    with listening(lead, tls) as seen.port:
        yield seen


def _head(connection: socket.socket) -> str:
    """The head of the next request, empty at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return ""
        head += byte
    return head.decode()


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until one of them ends. In one thread: OpenSSL lets no two at one connection."""
    ways = {one: other, other: one}
    with contextlib.suppress(OSError):
        while ready := select.select([*ways], (), (), PATIENCE)[0]:
            for source in ready:
                if not _passed_on(source, ways[source]):
                    return


def _passed_on(source: socket.socket, to: socket.socket) -> bool:
    """What there is, also of what has been unpacked already; ``False`` at its end."""
    while True:
        chunk = source.recv(65536)
        if not chunk:
            return False
        to.sendall(chunk)
        if not (isinstance(source, ssl.SSLSocket) and source.pending()):
            return True


@contextlib.contextmanager
def listening(handle: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # Who does not trust the certificate, or has had enough, just goes.
            with contextlib.suppress(OSError):
                self.request.settimeout(PATIENCE)
                if tls is None:
                    handle(self.request)
                else:
                    with tls.wrap_socket(self.request, server_side=True) as secure:
                        handle(secure)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()
