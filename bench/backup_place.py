"""A bucket behind TLS, a pile of photos and of rows: what every contender meets."""

import io
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from socle.embedded.binaries import find_binaries
from socle.embedded.probes import is_port_free
from socle.embedded.process_wrappers import tied
from socle.embedded.testing import free_port, running

BUCKET = "bench"
HOST = "storage.googleapis.com"


@dataclass(frozen=True)
class Bucket:
    """The emulator as Google itself: its name, TLS, and a certificate of our own."""

    folder: Path
    certificate: Path
    key: Path
    port: int
    plain_port: int

    @property
    def command(self) -> list[str]:
        binary = str(find_binaries().storage)
        server = [binary, "-scheme", "both", "-host", "127.0.0.1"]
        server += ["-port", str(self.port), "-port-http", str(self.plain_port)]
        server += ["-cert-location", str(self.certificate)]
        server += ["-private-key-location", str(self.key)]
        server += ["-filesystem-root", str(self.folder), "-log-level", "error"]
        server += ["-public-host", HOST, "-external-url", f"https://{HOST}"]
        return tied(server)

    def prepare(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / BUCKET).mkdir(parents=True)

    def is_ready(self) -> bool:
        return not is_port_free(self.port) and not is_port_free(self.plain_port)


def certificate(folder: Path) -> tuple[Path, Path]:
    """For Google's name, signed by nobody but itself, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    command += ["-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


@contextmanager
def bucket(folder: Path, *, certified_in: Path, log: Path) -> Iterator[Bucket]:
    """An empty one."""
    made, key = certified_in / "certificate.pem", certified_in / "key.pem"
    server = Bucket(folder, made, key, free_port(), free_port())
    with running(server, "The storage emulator", log=log):
        yield server


@contextmanager
def relay(to_port: int) -> Iterator[str]:
    """
    The URL of a proxy that leads any host to a port of this machine. Every contender
    goes through it: restic knows no other way to an emulator.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(
                    target=_connect, args=[client, to_port], daemon=True
                ).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _connect(client: socket.socket, port: int) -> None:
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := client.recv(4096)):
                return
            head += data
        with socket.create_connection(("127.0.0.1", port)) as server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=[server, client])
            back.start()
            _pass_on(client, server)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    with suppress(OSError):
        while size := source.recv_into(buffer):
            target.sendall(view[:size])
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def make_photos(folder: Path, *, count: int, size_bytes: int, seed: int) -> None:
    """JPEGs of noise over a gradient: no two alike, nothing left to compress."""
    chance = random.Random(seed)
    side = int((size_bytes * 1.9) ** 0.5)
    for number in range(count):
        width = max(32, int(side * chance.uniform(0.6, 1.3)))
        noise = Image.frombytes(
            "RGB", (width, side), chance.randbytes(width * side * 3)
        )
        photo = Image.blend(noise, Image.new("RGB", (width, side), (90, 140, 90)), 0.6)
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=88)
        path = folder / f"{2020 + number % 6}" / f"{number % 12 + 1:02}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"photo-{seed}-{number:05}.jpg").write_bytes(buffer.getvalue())


def make_small_files(folder: Path, *, count: int, seed: int) -> None:
    """Of a kilobyte each, 500 to a folder."""
    chance = random.Random(seed)
    for number in range(count):
        path = folder / f"{seed}-{number // 500:04}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{number}").write_bytes(chance.randbytes(1000))


# Half of it squeezes well, as rows of numbers do, half as well as prose does.
TABLES = """
    CREATE TABLE account (id int PRIMARY KEY, branch int, balance int, filler char(84));
    INSERT INTO account SELECT n, n % 30, n::bigint * 7919 % 100000, ''
        FROM generate_series(1, {accounts}) n;
    CREATE TABLE word (id int PRIMARY KEY, word text);
    INSERT INTO word SELECT n, substr(md5(n::text), 1, 3 + n % 7)
        FROM generate_series(1, 20000) n;
    CREATE TABLE article (id int PRIMARY KEY, body text);
    INSERT INTO article SELECT a, string_agg(word.word, ' ')
        FROM generate_series(1, {articles}) a
        CROSS JOIN LATERAL generate_series(1, 400) p
        JOIN word ON word.id = 1 + (a * 31 + p * (a % 97 + 1) * p) % 20000
        GROUP BY a;
    VACUUM ANALYZE;
"""
FINGERPRINT = """
    SELECT count(*), sum(balance), sum(id::bigint) FROM account;
    SELECT count(*), md5(string_agg(md5(body), '' ORDER BY id)) FROM article
"""
