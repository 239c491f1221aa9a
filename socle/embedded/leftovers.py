"""
Folders of clones that are no more: python -m socle.embedded.leftovers

Runs on the machine's Python, where nothing is installed: the standard library alone.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from socle.embedded import binary_access

NAME = re.compile(r"socle-[0-9a-f]{12}")


@dataclass(frozen=True)
class SharedFolder:
    """
    place:  below /var/lib.
    why:    what it is to whoever reads the list.
    """

    place: Path
    is_orphan: bool
    why: str

    @property
    def size_mb(self) -> int:
        files = [p for p in self.place.rglob("*") if p.is_file() and not p.is_symlink()]
        return sum(path.stat().st_size for path in files) // 1_000_000


def find_folders() -> Iterator[SharedFolder]:
    """All that clones have made outside themselves, also those in use."""
    for place in sorted(binary_access.SHARED.glob("socle-*")):
        if NAME.fullmatch(place.name) and place.is_dir() and not place.is_symlink():
            yield judge(place)


def judge(place: Path) -> SharedFolder:
    owner = binary_access.read_mark(place)
    if is_in_use(place):
        return SharedFolder(place, False, "a Postgres runs in it")
    if owner is None:
        why = "an older version made it and did not write down for which clone"
        return SharedFolder(place, False, why)
    if not owner.folder.exists():
        return SharedFolder(place, True, f"{owner.folder} is gone")
    if owner.identity and binary_access.read_identity(owner.folder) != owner.identity:
        why = f"{owner.folder} is of another clone today"
        return SharedFolder(place, True, why)
    return SharedFolder(place, False, f"it belongs to {owner.folder}")


def is_in_use(place: Path) -> bool:
    try:
        first = (place / "postgres" / "postmaster.pid").read_text().splitlines()[0]
        return Path("/proc", str(int(first))).exists()
    except (OSError, ValueError, IndexError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m socle.embedded.leftovers")
    parser.add_argument("--remove", action="store_true")
    remove = parser.parse_args().remove
    found = list(find_folders())
    orphans = [folder for folder in found if folder.is_orphan]
    for folder in orphans if remove else found:
        if remove:
            shutil.rmtree(folder.place)
        state = "removed" if remove else "orphan" if folder.is_orphan else "kept"
        print(f"  {state:<8} {folder.place}: {folder.why}")  # noqa: T201
        if folder.is_orphan and not remove:
            print(f"           {folder.size_mb} MB")  # noqa: T201
    return 0 if orphans else 3


if __name__ == "__main__":
    sys.exit(main())
