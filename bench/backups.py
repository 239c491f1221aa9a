"""
A night's backup, the next one, a restore and a full check: ours and what a team would
use instead. One Postgres, one emulator of Google's storage behind TLS, one machine.

Every contender's restored data are compared with the original. Wall times of the
first backup carry the emulator's own work (some 4 ms an object, and a large object is
copied anew with each piece); CPU, memory and bytes are the contender's alone.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import backup_peers as peers  # noqa: E402
import backup_place as place  # noqa: E402
import backup_report as report  # noqa: E402
from backup_peers import Contender  # noqa: E402
from backup_report import Growth  # noqa: E402
from measuring import (  # noqa: E402
    CommandFailed,
    Measured,
    bytes_below,
    measure,
)

from socle.embedded.testing import running_services  # noqa: E402

MEMORY = Path("/dev/shm")  # noqa: S108
BUCKET_BYTES = 6_000_000_000


@dataclass(frozen=True)
class Size:
    accounts: int
    articles: int
    photos: int
    rounds: int
    small_files: tuple[int, ...]


WHOLE = Size(3_000_000, 40_000, 5000, rounds=3, small_files=(1000, 10_000, 100_000))
QUICK = Size(300_000, 3000, 500, rounds=1, small_files=(1000, 10_000))


@dataclass
class Bench:
    folder: Path
    shelf: Path
    """Where the bucket is: in memory, for a disk adds 10 ms to each object."""
    environment: dict[str, str]
    size: Size
    results: dict[tuple[str, str], list[Measured]] = field(default_factory=dict)

    @property
    def media(self) -> Path:
        return Path(self.environment["MEDIA_ROOT"])

    @property
    def bucket(self) -> Path:
        return self.shelf / "bucket"

    @property
    def restored(self) -> Path:
        return self.folder / "restored"

    @property
    def log(self) -> Path:
        return self.folder / "commands.log"

    def sql(self, statement: str, *, database: str = "") -> str:
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        environment = self.environment | ({"PGDATABASE": database} if database else {})
        done = subprocess.run(
            command, env=environment, input=statement, capture_output=True, text=True
        )
        if done.returncode:
            raise CommandFailed(done.stderr)
        return done.stdout


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


def fill(bench: Bench) -> None:
    say(f"Making {bench.size.accounts:,} rows and {bench.size.photos:,} photos")
    bench.sql(
        place.TABLES.format(accounts=bench.size.accounts, articles=bench.size.articles)
    )
    place.make_photos(bench.media, count=bench.size.photos, size_bytes=200_000, seed=1)
    new = bench.size.photos // 100
    place.make_photos(bench.folder / "new", count=new, size_bytes=200_000, seed=2)


def picture(folder: Path) -> str:
    """A checksum of every path and byte below it."""
    sums = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        sums.update(f"{path.relative_to(folder)}\0".encode())
        sums.update(hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()


@contextmanager
def empty_bucket(bench: Bench) -> Iterator[None]:
    with (
        place.bucket(
            bench.bucket,
            certified_in=bench.folder,
            log=bench.folder / "servers.log",
        ) as server,
        place.relay(server.port) as proxy,
    ):
        bench.environment["HTTPS_PROXY"] = proxy
        yield


def compete(bench: Bench, contender: Contender) -> None:
    say(f"  {contender.name}")

    def step(name: str, command: str) -> None:
        if command:
            measured = measure(
                command,
                environment=bench.environment,
                store=bench.bucket,
                log=bench.log,
            )
            bench.results.setdefault((contender.name, name), []).append(measured)

    with empty_bucket(bench):
        if contender.prepare:
            measure(
                contender.prepare,
                environment=bench.environment,
                store=bench.bucket,
                log=bench.log,
            )
        step("first night", contender.first)
        shutil.copytree(bench.folder / "new", bench.media / "new")
        try:
            step("second night", contender.again or contender.first)
            if contender.restore:
                with restorable(bench, contender):
                    step("restore", contender.restore)
            step("verify", contender.verify)
        finally:
            shutil.rmtree(bench.media / "new")


@contextmanager
def restorable(bench: Bench, contender: Contender) -> Iterator[None]:
    """A place to restore into; afterwards all must be there as it was."""
    before = bench.sql(place.FINGERPRINT), picture(bench.media)
    shutil.rmtree(bench.restored, ignore_errors=True)
    bench.restored.mkdir()
    bench.sql("DROP DATABASE IF EXISTS restored")
    bench.sql("CREATE DATABASE restored TEMPLATE template0")
    yield
    if contender.restores_in_place:
        after = bench.sql(place.FINGERPRINT), picture(bench.media)
        forget = f"{sys.executable} manage.py forget_previous --yes"
        subprocess.run(
            ["bash", "-c", forget],
            env=bench.environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    else:
        in_database = bench.sql(place.FINGERPRINT, database="restored")
        after = in_database, picture(bench.restored)
    bench.sql("DROP DATABASE restored")
    if before != after:
        raise CommandFailed(f"{contender.name} restored something else.")


def contenders(bench: Bench) -> list[Contender]:
    media, restored, work = bench.media, bench.restored, bench.folder
    makers: list[Callable[[], Contender]] = [
        peers.ours,
        lambda: peers.restic(media=media, restored=restored, work=work),
        peers.dump_pipe,
        lambda: peers.rclone_sync(media=media, restored=restored, work=work),
        lambda: peers.tar_pipe(media=media),
        lambda: peers.dbbackup(restored=restored),
    ]
    found = []
    for make in makers:
        try:
            found.append(make())
        except peers.NotHere as missing:
            say(f"Left out: {missing}")
    return found


def race(bench: Bench) -> None:
    competing = contenders(bench)
    for number in range(bench.size.rounds):
        say(f"Round {number + 1} of {bench.size.rounds}")
        for contender in competing:
            if contender.is_slow and number:
                continue
            try:
                compete(bench, contender)
            except CommandFailed as failure:
                if contender.name == "ours":
                    raise
                say(f"{contender.name} failed: {failure}")


def grow(bench: Bench) -> list[Growth]:
    """Nights with ever more small files, 1 % of them new, into a folder as a store."""
    bench.sql("CREATE DATABASE small TEMPLATE template0")
    grown = []
    for count in bench.size.small_files:
        say(f"  {count:,} small files")
        media, store = bench.folder / "small" / "live", bench.folder / "small-store"
        for folder in (media, store):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        environment = bench.environment | {
            "POSTGRES_DB": "small",
            "MEDIA_ROOT": str(media),
            "BACKUP_STORAGE_URL": store.as_uri(),
        }
        migrate(environment)
        place.make_small_files(media, count=count, seed=1)
        time.sleep(4)  # what was written just now would be read again
        backup = peers.ours().first
        nights = []
        for seed in (2, 3):
            nights.append(
                measure(backup, environment=environment, store=store, log=bench.log)
            )
            place.make_small_files(media, count=count // 100, seed=seed)
        started = time.monotonic()
        bytes_below(media)
        grown.append(Growth(count, *nights, time.monotonic() - started))
    return grown


def migrate(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate_site", "--verbosity=0"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def room_for_services(folder: Path) -> Path:
    folder.chmod(0o711)  # another account's servers must pass through
    room = folder / "services"
    room.mkdir()
    return room


def in_memory() -> Path | None:
    """None where that has no room for the largest bucket: then it is on the disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > BUCKET_BYTES:
        return MEMORY
    say(f"{MEMORY} has not {BUCKET_BYTES / 1e9:.0f} GB free: the bucket is on the disk")
    return None


@contextmanager
def machinery(size: Size) -> Iterator[Bench]:
    with (
        tempfile.TemporaryDirectory(prefix="socle-bench-") as name,
        tempfile.TemporaryDirectory(prefix="socle-bench-", dir=in_memory()) as shelf,
        running_services(room_for_services(Path(name))) as services,
    ):
        folder = Path(name)
        certificate, _ = place.certificate(folder)
        peers.write_rclone_config(folder / "rclone.conf")
        (folder / "tmp").mkdir()
        environment = {
            **{
                variable: value
                for variable, value in os.environ.items()
                if not variable.lower().endswith(("_proxy", "dontwritebytecode"))
            },
            **services,
            "PATH": f"{services['POSTGRES_BIN']}:{Path(sys.executable).parent}:"
            + os.environ["PATH"],
            "PGHOST": services["POSTGRES_HOST"],
            "PGPORT": services["POSTGRES_PORT"],
            "PGUSER": services["POSTGRES_USER"],
            "PGDATABASE": services["POSTGRES_DB"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BACKUP_STORAGE_URL": f"gs://{place.BUCKET}",
            "BENCH_BUCKET": place.BUCKET,
            "STORAGE_EMULATOR_HOST": f"https://{place.HOST}",
            "REQUESTS_CA_BUNDLE": str(certificate),
            "RCLONE_CA_CERT": str(certificate),
            "RCLONE_CONFIG": str(folder / "rclone.conf"),
            "RESTIC_PASSWORD": "of-a-benchmark",
            "GOOGLE_ACCESS_TOKEN": "of-a-benchmark",
            "GOOGLE_PROJECT_ID": "bench",
            "TMPDIR": str(folder / "tmp"),
        }
        yield Bench(folder, Path(shelf), environment, size)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the data, one round"
    )
    size = QUICK if parser.parse_args().quick else WHOLE
    try:
        peers.check_zstd()
    except peers.NotHere as missing:
        sys.exit(str(missing))
    with machinery(size) as bench:
        fill(bench)
        migrate(bench.environment)
        race(bench)
        say("Growth, into a folder")
        grown = grow(bench)
        report.write_table(bench.results, grown)
        new_megabytes = bytes_below(bench.folder / "new") / 1e6
        report.write_figures(bench.results, grown, new_megabytes=new_megabytes)


if __name__ == "__main__":
    main()
