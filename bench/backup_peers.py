"""What a team would use instead: each tool, ready to run, and its commands."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backup_place import BUCKET

TOOLS = Path(__file__).parents[1] / ".local" / "bench"
RESTIC_NEEDED = (0, 17)  # the first that notices a dump that fails


# Compressed by zstd itself: not every pg_dump can.
DUMP = "pg_dump -Fc --compress=none | zstd -q -3 -T0"


class NotHere(Exception):
    """A tool is missing; the message says how to get it."""


@dataclass(frozen=True)
class Contender:
    """Commands for bash. An empty one means that the tool has no such step."""

    name: str
    first: str
    restore: str = ""
    verify: str = ""
    prepare: str = ""
    again: str = ""
    """The second night, where it differs from the first."""
    restores_in_place: bool = False
    is_slow: bool = False
    """On the emulator, which copies a large object anew with each piece."""


def ours() -> Contender:
    manage = f"{sys.executable} manage.py"
    return Contender(
        "ours",
        first=f"{manage} backup",
        restore=f"{manage} restore_backup latest --yes",
        verify=f"{manage} verify_backups latest",
        restores_in_place=True,
    )


def restic(*, media: Path, restored: Path, work: Path) -> Contender:
    # Half of its Google library heeds the emulator's variable, and waits for ever.
    tool = f"env -u STORAGE_EMULATOR_HOST {restic_binary()} -q"
    tool += f" --cacert $REQUESTS_CA_BUNDLE --cache-dir {work}/restic"
    tool += f" -r gs:{BUCKET}:/restic"
    dump = "pg_dump -Fc --compress=none"
    return Contender(
        "restic",
        prepare=f"{tool} init",
        first=f"{tool} backup --tag db --stdin-filename db.dump "
        f"--stdin-from-command -- {dump} && {tool} backup --tag media {media}",
        restore=f"{tool} dump --tag db latest /db.dump "
        "| pg_restore --exit-on-error -d restored "
        f"&& {tool} restore --tag media latest:{media} --target {restored}",
        verify=f"{tool} check --read-data",
    )


def dbbackup(*, restored: Path) -> Contender:
    python = bench_python("django-dbbackup==5.4.*", "django-storages[google]==1.14.*")
    admin = (
        f"PYTHONPATH={Path(__file__).parent} DJANGO_SETTINGS_MODULE=dbbackup_settings"
    )
    admin += f" {python} -m django"
    there = f"MEDIA_ROOT={restored} PGDATABASE=restored"
    return Contender(
        "django-dbbackup",
        first=f"{admin} dbbackup -z && {admin} mediabackup -z",
        restore=f"export {there}; {admin} dbrestore -z --noinput "
        f"&& {admin} mediarestore -z --noinput",
        is_slow=True,
    )


def rclone_sync(*, media: Path, restored: Path, work: Path) -> Contender:
    many = "-q --fast-list --transfers 8 --checkers 8"
    fetched = f"{work}/fetched.dump"
    return Contender(
        "rclone sync",
        first=f"{DUMP} | rclone rcat gcs:{BUCKET}/rs/$(date +%s%N).dump "
        f"&& rclone sync {many} {media} gcs:{BUCKET}/rs/media",
        restore=f"last=$(rclone lsf gcs:{BUCKET}/rs --files-only | tail -1) "
        f"&& rclone cat gcs:{BUCKET}/rs/$last | zstd -dqf -o {fetched} "
        f"&& pg_restore -j2 --exit-on-error -d restored {fetched} "
        f"&& rclone copy {many} gcs:{BUCKET}/rs/media {restored}",
    )


def dump_pipe() -> Contender:
    return Contender(
        "dump pipe", first=f"{DUMP} | rclone rcat gcs:{BUCKET}/p/$(date +%s%N).dump"
    )


def tar_pipe(*, media: Path) -> Contender:
    return Contender(
        "dump and tar pipe",
        first=f"{DUMP} | rclone rcat gcs:{BUCKET}/t/$(date +%s%N).dump "
        f"&& tar -C {media} -cf - . | rclone rcat gcs:{BUCKET}/t/$(date +%s%N).tar",
        is_slow=True,
    )


def check_zstd() -> None:
    """Raises NotHere."""
    if shutil.which("zstd") is None:
        raise NotHere("zstd is not here. Install it: apt install zstd")


def write_rclone_config(path: Path) -> None:
    path.write_text(
        "[gcs]\ntype = google cloud storage\nanonymous = true\n"
        "bucket_policy_only = true\n"
    )


def bench_python(*packages: str) -> Path:
    """That of an environment of the benchmark's own, with `packages` in it."""
    folder = TOOLS / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-qqq", "--no-input"]
    needed = [*packages, "psycopg2-binary"]
    subprocess.run([*install, *needed], check=True, stdout=subprocess.DEVNULL)
    return python


def restic_binary() -> Path:
    """The machine's own, or the one of Debian's package, unpacked. Raises NotHere."""
    unpacked = TOOLS / "restic" / "usr" / "bin" / "restic"
    for found in (shutil.which("restic"), unpacked):
        if found and Path(found).exists() and is_new_enough(Path(found)):
            return Path(found)
    (TOOLS / "restic").mkdir(parents=True, exist_ok=True)
    for package in ("restic", "restic/trixie"):
        subprocess.run(
            ["apt-get", "download", "-qq", package],
            cwd=TOOLS / "restic",
            stderr=subprocess.DEVNULL,
            check=False,
        )
        for archive in sorted((TOOLS / "restic").glob("*.deb")):
            subprocess.run(
                ["dpkg-deb", "-x", archive.name, "."], cwd=archive.parent, check=True
            )
            archive.unlink()
        if unpacked.exists() and is_new_enough(unpacked):
            return unpacked
    raise NotHere(
        "restic 0.17 or newer is not here, and apt has none. Debian 13 has it; on "
        "Debian 12 add trixie to the sources of apt, or put restic into the PATH."
    )


def is_new_enough(binary: Path) -> bool:
    said = subprocess.run([binary, "version"], capture_output=True, text=True).stdout
    version = said.split()[1].split(".")[:2]
    return tuple(int(part) for part in version) >= RESTIC_NEEDED
