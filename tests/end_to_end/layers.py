"""What lies in the layers of images: also what a later layer has taken away."""

import gzip
import io
import re
import subprocess
import tarfile
from collections.abc import Iterable, Iterator

from stack import Stack


def secrets_of(stack: Stack) -> dict[str, bytes]:
    """By name: of .env, of the files of secrets, and the admin's password."""
    lines = (stack.folder / ".env").read_text()
    found = dict(re.findall(r"^(\w+_(?:KEY|PASSWORD))=(.+)$", lines, re.MULTILINE))
    for file in (stack.folder / "secrets/values").glob("*"):
        found[file.name] = file.read_text().strip()
    found["the admin's password"] = stack.admin.password
    return {name: value.encode() for name, value in found.items() if len(value) > 10}


def found_in(images: Iterable[str], secrets: dict[str, bytes]) -> set[str]:
    """`NAME in PLACE` for each secret in a file, or in what an image says of itself."""
    return {
        f"{name} in {place}"
        for blob, content in blobs_of(images)
        for name, value in secrets.items()
        if value in content
        for place in places(blob, content, value)
    }


def blobs_of(images: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Layers, configurations and histories, one after the other, not compressed."""
    command = ["docker", "save", *sorted(set(images))]  # a layer of several comes once
    with subprocess.Popen(command, stdout=subprocess.PIPE) as saving:
        with tarfile.open(fileobj=saving.stdout, mode="r|") as archive:
            for member in archive:
                if member.isfile():
                    content = archive.extractfile(member).read()
                    is_gzip = content.startswith(b"\x1f\x8b")
                    yield member.name, gzip.decompress(content) if is_gzip else content
        saving.stdout.read()
    assert saving.returncode == 0, f"docker save ended with {saving.returncode}"


def places(blob: str, content: bytes, value: bytes) -> Iterator[str]:
    """The files of a layer that hold `value`; the blob itself where it is no layer."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as layer:
            for member in filter(tarfile.TarInfo.isfile, layer):
                if value in layer.extractfile(member).read():
                    yield member.name
    except tarfile.ReadError:
        yield blob
