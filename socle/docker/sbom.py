"""
The image's bill of materials (CycloneDX 1.6, JSON) on standard output: the packages
of Debian (or Alpine) and of Python. With PACKAGE_LOCK it is the site's: the client of
Postgres as well, and what of the frontend reaches the browser.

usage: python sbom.py [PACKAGE_LOCK]
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

APK = Path("/lib/apk/db/installed")  # Alpine's packages
FIELDS = "${Package}\t${Version}\t${Architecture}\n"


def debian() -> Iterator[dict[str, str]]:
    query = ["dpkg-query", "--show", f"--showformat={FIELDS}"]
    listed = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        name, version, architecture = line.split("\t")
        purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}"
        yield component(name, version, purl)


def alpine(installed: str) -> Iterator[dict[str, str]]:
    """From apk's own list: a block for a package, a letter before each field."""
    for block in installed.strip().split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.splitlines())
        name, version = fields["P"], fields["V"]
        purl = f"pkg:apk/alpine/{name}@{version}?arch={fields['A']}"
        yield component(name, version, purl)


def postgres_client() -> Iterator[dict[str, str]]:
    """Copied from its package, so that dpkg knows nothing of it."""
    asked = subprocess.run(
        ["psql", "--version"], capture_output=True, text=True, check=True
    )
    version = asked.stdout.rpartition("Debian ")[2].strip().rstrip(")")
    name = f"postgresql-client-{version.split('.')[0]}"
    yield component(name, version, f"pkg:deb/debian/{name}@{version}")


def python() -> Iterator[dict[str, str]]:
    for found in distributions():
        name = found.metadata["Name"]
        yield component(name, found.version, f"pkg:pypi/{name.lower()}@{found.version}")


def browser(lock: Path) -> Iterator[dict[str, str]]:
    for place, package in json.loads(lock.read_text())["packages"].items():
        if place and not package.get("dev"):
            name = place.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
            yield component(name, package["version"], purl)


def component(name: str, version: str, purl: str) -> dict[str, str]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }


def bill(lock: Path | None) -> dict:
    system = alpine(APK.read_text()) if APK.exists() else debian()
    site = (*postgres_client(), *browser(lock)) if lock else ()
    found = {part["purl"]: part for part in (*system, *python(), *site)}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [found[purl] for purl in sorted(found)],
    }


if __name__ == "__main__":
    lock = Path(sys.argv[1]) if sys.argv[1:] else None
    json.dump(bill(lock), sys.stdout, indent=1)
