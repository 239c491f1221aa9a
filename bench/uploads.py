"""A large zip through the whole site, in and out. --quick: 200 MB, 200 photos."""

import argparse
import base64
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path.cwd()))

from api_place import manage, started  # noqa: E402
from measuring import figure  # noqa: E402
from PIL import Image  # noqa: E402

from socle.embedded.nginx import Nginx  # noqa: E402
from socle.embedded.process_wrappers import tied  # noqa: E402
from socle.embedded.testing import free_port, running, running_services  # noqa: E402

CHUNK = 8 * 1024 * 1024
# Of one process: what its container has, by the processes in it (services.yml).
LIMITS_MB = {"web": 300, "worker": 700, "nginx": 256}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--photos", type=int, default=0)
    parser.add_argument("--singly", action="store_true", help="Each by itself, no zip.")
    given = parser.parse_args()
    count = given.photos or (200 if given.quick else 2000)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        zipped = folder / "photos.zip"
        say(f"making a zip of {count} photos …")
        size = 200_000 if given.singly else 1_050_000
        make_zip(zipped, count=count, bytes_each=size)
        site = stack.enter_context(place(folder))
        if given.singly:
            measure_singly(site, zipped, count=count)
            return
        say(f"sending {zipped.stat().st_size / 1e6:,.0f} MB in chunks of 8 MB …")
        measure(site, zipped, count=count)


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


def make_zip(path: Path, *, count: int, bytes_each: int) -> None:
    """Small pictures that decode fast, with as much camera data as it takes."""
    maker = random.Random(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            buffer = io.BytesIO()
            colour = tuple(maker.randbytes(3))
            Image.new("RGB", (1200, 900), colour).save(buffer, "JPEG")
            picture = buffer.getvalue()
            padding = b"".join(
                b"\xff\xe9\xff\xff" + maker.randbytes(65533)
                for _ in range((bytes_each - len(picture)) // 65537)
            )
            archive.writestr(
                f"IMG_{number:05}.jpg", picture[:2] + padding + picture[2:]
            )


class Site:
    """Speaks to nginx as a signed-in photographer."""

    slug = "bench"

    def __init__(self, port: int, user):
        self.port = port
        self._user = user
        self._signed_in_at = float("-inf")

    @property
    def headers(self) -> dict[str, str]:
        if time.monotonic() - self._signed_in_at > 300:
            self._token = access_token(self._user)
            self._signed_in_at = time.monotonic()
        bearer = {"Authorization": f"Bearer {self._token}"}  # for the API
        return bearer | {"Cookie": f"access={self._token}"}  # for pages

    def ask(self, method: str, path: str, *, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=self.headers | given)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.read()!r}")
        return answer

    def json(self, method: str, path: str) -> dict:
        return json.loads(self.ask(method, path).read())

    def send(self, file: IO[bytes], *, name: str, size: int) -> str:
        where = self.ask(
            "POST",
            f"/api/galleries/{self.slug}/uploads/",
            Upload_Length=str(size),
            Upload_Metadata=f"filename {base64.b64encode(name.encode()).decode()}",
        ).headers["Location"]
        offset = 0
        while chunk := file.read(CHUNK):
            self.ask(
                "PATCH",
                where,
                body=chunk,
                Upload_Offset=str(offset),
                Content_Type="application/offset+octet-stream",
            )
            offset += len(chunk)
        return where


@contextmanager
def place(folder: Path) -> Iterator[Site]:
    """nginx, gunicorn as in PROD, and a worker with two processes."""
    with ExitStack() as stack:
        services = stack.enter_context(running_services(folder))
        port, web_port = free_port(), free_port()
        environment = os.environ | services
        environment |= {
            "ENVIRONMENT": "dev",
            "SITE_URL": f"http://127.0.0.1:{port}",
            "MEDIA_BY_NGINX": "1",
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": str(web_port),
            "TMPDIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        os.environ.update(environment)
        nginx = Nginx(
            folder=folder / "nginx",
            port=port,
            web_port=web_port,
            media=Path(environment["MEDIA_ROOT"]),
            environment=environment,
        )
        manage("migrate_site", environment=environment)
        user = make_photographer()
        bin_folder = Path(sys.executable).parent
        gunicorn = [str(bin_folder / "gunicorn"), "-c", "config/gunicorn.conf.py"]
        stack.enter_context(
            started([*gunicorn, "config.wsgi"], environment, port=web_port)
        )
        stack.enter_context(running(nginx, "nginx", log=folder / "nginx.log"))
        stack.enter_context(worker(environment, log=folder / "worker.log"))
        yield Site(port, user)


@contextmanager
def worker(environment, *, log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            tied([sys.executable, "manage.py", "run_worker"]),
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def make_photographer():
    """The owner of the gallery `bench`."""
    import django

    django.setup()
    from django.contrib.auth.models import Group

    from accounts.models import User
    from gallery.models import Gallery

    user = User.objects.create_user("bench@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="photographer"))
    Gallery.objects.create(name="Bench", owner=user)
    return user


def access_token(user) -> str:
    """It lives for ten minutes."""
    from django.http import HttpRequest
    from django.utils import timezone

    from accounts import sessions

    return sessions.begin(user, request=HttpRequest(), now=timezone.now()).access


def measure(site: Site, zipped: Path, *, count: int) -> None:
    memory = Memory()
    memory.start()
    size = zipped.stat().st_size
    began = time.monotonic()
    with zipped.open("rb") as file:
        where = site.send(file, name=zipped.name, size=size)
    sent = time.monotonic()
    while (upload := site.json("GET", f"{where}?since=999999"))["state"] != "done":
        if upload["state"] == "failed":
            raise RuntimeError(upload["error"])
        time.sleep(0.5)
    unpacked = time.monotonic()
    accepted = upload["result_count"]
    download = site.json("POST", f"/api/galleries/{site.slug}/downloads/")
    while not download["url"]:
        if download["error"]:
            raise RuntimeError(download["error"])
        time.sleep(0.5)
        download = site.json("GET", f"/api/downloads/{download['id']}/")
    packed = time.monotonic()
    answer = site.ask("GET", download["url"])
    came = 0
    while piece := answer.read(1 << 20):
        came += len(piece)
    fetched = time.monotonic()
    memory.stop()
    if accepted != count or came != download["size_bytes"]:
        raise RuntimeError(f"{accepted} of {count} files, {came} bytes: {download}")
    say(f"sent      {sent - began:7.1f} s  {size / (sent - began) / 1e6:6.0f} MB/s")
    say(
        f"unpacked  {unpacked - sent:7.1f} s  {count / (unpacked - sent):6.0f} photos/s"
    )
    say(f"packed    {packed - unpacked:7.1f} s  (while photos were drawn)")
    rate = came / (fetched - packed) / 1e6
    say(f"fetched   {fetched - packed:7.1f} s  {rate:6.0f} MB/s")
    for name, peak in sorted(memory.peaks.items()):
        say(f"most memory of one process of {name}: {peak / 1e6:.0f} MB")
        figure(
            f"2 GB zip, peak memory of {name}",
            ours=peak / 1e6,
            peer="the limit",
            theirs=LIMITS_MB[name],
            unit="MB",
            aim=1.0,
        )


def measure_singly(site: Site, zipped: Path, *, count: int) -> None:
    """As a page sends a folder of photos: one upload each, three at a time."""
    memory = Memory()
    memory.start()
    began = time.monotonic()
    with zipfile.ZipFile(zipped) as archive, ThreadPoolExecutor(3) as pool:

        def send(name: str) -> str:
            content = archive.read(name)
            where = site.send(io.BytesIO(content), name=name, size=len(content))
            return site.json("GET", where)["results"][0]["status"]

        statuses = Counter(pool.map(send, archive.namelist()))
    seconds = time.monotonic() - began
    memory.stop()
    say(f"{count} photos, one by one: {seconds:.1f} s, {count / seconds:.0f} photos/s")
    say(f"{dict(statuses)}; most memory of one process, in MB:")
    say(str({name: round(peak / 1e6) for name, peak in memory.peaks.items()}))
    if statuses != {"accepted": count}:
        raise RuntimeError(statuses)


class Memory(threading.Thread):
    """Watches the resident memory of this bench's processes."""

    NAMES = {"gunicorn": "web", "celery": "worker", "nginx": "nginx"}

    def __init__(self):
        super().__init__(daemon=True)
        self.peaks: dict[str, int] = {}
        self._over = threading.Event()

    def stop(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.2):
            for pid in descendants(os.getpid()):
                try:
                    command = Path(f"/proc/{pid}/cmdline").read_text()
                    facts = Path(f"/proc/{pid}/smaps_rollup").read_text()
                except OSError:
                    continue
                name = next((n for k, n in self.NAMES.items() if k in command), None)
                if name:
                    self.note(name, facts)

    def note(self, name: str, facts: str) -> None:
        fields = {line.split(":")[0]: line for line in facts.splitlines()[1:]}
        used = int(fields["Rss"].split()[1]) * 1024
        self.peaks[name] = max(self.peaks.get(name, 0), used)


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


if __name__ == "__main__":
    main()
