"""The server that speaks Google Cloud Storage's language, over a folder."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from socle.embedded.exceptions import LocalError
from socle.embedded.probes import http_answers
from socle.embedded.process_wrappers import tied


@dataclass(frozen=True)
class Storage:
    binary: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        storage = [str(self.binary), "-scheme", "http", "-host", "127.0.0.1"]
        storage += ["-port", str(self.port), "-filesystem-root", str(self.folder)]
        storage += ["-public-host", f"127.0.0.1:{self.port}"]
        return tied([*storage, "-external-url", self.url, "-log-level", "warn"])

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def is_ready(self) -> bool:
        return http_answers(f"{self.url}/_internal/healthcheck")

    def make_bucket(self, name: str) -> None:
        """Make the bucket unless it exists. Raises LocalError."""
        request = urllib.request.Request(
            f"{self.url}/storage/v1/b?project=local",
            data=json.dumps({"name": name}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise LocalError(
                    f"The storage emulator at {self.url} refused to make the bucket "
                    f"{name}: {error.code} {error.reason}."
                ) from error
