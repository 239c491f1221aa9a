"""What stands outside, for real: a web server at a port, with a certificate or none."""

import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Site(ThreadingHTTPServer):
    """Answers every path with `status`, and writes it to `log` as nginx would."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.off_seconds = 0
        self.log: Path | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def use_certificate(self, folder: Path, **certificate) -> None:
        path = folder / "certificate.pem"
        path.write_bytes(make_certificate(**certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.log:
            with self.server.log.open("a") as file:
                file.write(f'{{"path": "{self.path}"}}\n')
        self.send_response_only(self.server.status)
        date = formatdate(time.time() + self.server.off_seconds, usegmt=True)
        self.send_header("Date", date)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *words):
        """Nothing on the tests' terminal."""


def make_certificate(
    *, name: str = "localhost", days: float = 80, self_signed: bool = False
) -> bytes:
    """With its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if self_signed else authority)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    kept = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM) + kept
