"""
Manifest of the base: its files with their sha256, and which of them were edited here.

    python -m socle.manifest --check    says what a project changed of the base
    python -m socle.manifest --write    in Socle's own repository: after each change

`socle/MANIFEST` has the format of sha256sum: `sha256sum --check socle/MANIFEST` works
on any Linux checkout. CRLF counts as LF, so that a checkout on Windows is no edit.
The rule is in `code_owners.py`, a project's own list in `edited_base_files.txt`.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from socle import SOCLE_DIR
from socle.code_owners import is_owned_by_base

ROOT = SOCLE_DIR.parent
MANIFEST = "socle/MANIFEST"
KNOWN_EDITS = "edited_base_files.txt"
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
SHOWN_PATHS = 5  # of a kind, without --verbose

REWRITE = "In Socle's own repository: python -m socle.manifest --write"
RESTORE = f"Take the base's (git checkout VERSION -- {MANIFEST}). {REWRITE}"
INSTEAD_OF_EDITS = (
    "Undo it (git checkout VERSION -- FILE), use an extension point (socle/README.md), "
    f"override the template, or name them in {KNOWN_EDITS} with a reason."
)
INSTEAD_OF_NEW_FILES = (
    "Keep your own files outside of the base's folders (socle/README.md), or name them "
    f"in {KNOWN_EDITS} with a reason."
)


class ManifestError(Exception):
    """The manifest cannot be read or written; the message says what to do."""


class GitUnavailable(Exception):
    """git cannot say which files are here; the message is its reason."""


@dataclass
class Changes:
    """What differs from the manifest: paths from the root, in its order."""

    edited: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    not_searched: str = ""  # why added files could not be looked for


def checksum(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; of text, with CRLF read as LF."""
    content = path.read_bytes()
    if b"\0" not in content:  # git's own sign of a binary file
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def list_base_files(root: Path) -> list[str]:
    """
    The files of the base that are there, sorted; those that git does not know yet too.

    Raises GitUnavailable without git, or where `root` is in no repository.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True)
    except FileNotFoundError:
        raise GitUnavailable("git is not installed") from None
    if listed.returncode != 0:
        raise GitUnavailable(os.fsdecode(listed.stderr).strip().split("\n")[0])
    paths = set(os.fsdecode(listed.stdout).split("\0")) - {"", MANIFEST}
    return sorted(p for p in paths if is_owned_by_base(p) and (root / p).is_file())


def write_manifest(root: Path) -> int:
    """Write the manifest anew; how many files it names. Raises ManifestError."""
    try:
        paths = list_base_files(root)
    except GitUnavailable as error:
        said = f"{MANIFEST} was not written: without git nobody knows the base's files"
        raise ManifestError(f"{said} ({error}). Run it in a clone.") from None
    text = "".join(f"{checksum(root / path)}  {path}\n" for path in paths)
    (root / MANIFEST).write_bytes(os.fsencode(text))
    return len(paths)


def read_manifest(root: Path) -> dict[str, str]:
    """The checksum of each path. Raises ManifestError."""
    try:
        lines = read_lines(root / MANIFEST)
    except OSError as error:
        said = f"{MANIFEST} cannot be read: {error.strerror}."
        raise ManifestError(f"{said} {RESTORE}") from None
    checksums = {}
    for number, line in enumerate(lines, start=1):
        if not (matched := LINE.fullmatch(line)):
            said = f"{MANIFEST}, line {number} is not of sha256sum's format:"
            raise ManifestError(f"{said} {line[:40]!r}. {RESTORE}")
        checksums[matched[2]] = matched[1]
    return checksums


def read_known_edits(root: Path) -> dict[str, str]:
    """The reason of each path in the project's list; empty where none is given."""
    if not (root / KNOWN_EDITS).exists():
        return {}
    parts = (line.partition("#") for line in read_lines(root / KNOWN_EDITS))
    return {path.strip(): reason.strip() for path, _, reason in parts if path.strip()}


def read_lines(path: Path) -> list[str]:
    return os.fsdecode(path.read_bytes().replace(b"\r\n", b"\n").rstrip()).split("\n")


def find_changes(root: Path, checksums: dict[str, str]) -> Changes:
    """What was edited, deleted or added here, compared with `checksums`."""
    changes = Changes()
    for path, expected in checksums.items():
        if not (root / path).is_file():
            changes.deleted.append(path)
        elif checksum(root / path) != expected:
            changes.edited.append(path)
    try:
        there = list_base_files(root)
    except GitUnavailable as error:
        changes.not_searched = str(error)
    else:
        changes.added = [path for path in there if path not in checksums]
    return changes


def describe_changes(
    changes: Changes, known: dict[str, str], *, limit: int | None
) -> str:
    """What differs and is not `known`, and what to do instead; empty for nothing."""
    edited = [path for path in changes.edited if path not in known]
    deleted = [path for path in changes.deleted if path not in known]
    added = [path for path in changes.added if path not in known]
    return join_sentences(
        list_paths("{files} of the base {were} edited here", edited, limit=limit),
        list_paths("{files} of the base {were} deleted here", deleted, limit=limit),
        list_paths("{files} {were} added to the base here", added, limit=limit),
        INSTEAD_OF_EDITS if edited or deleted else "",
        INSTEAD_OF_NEW_FILES if added else "",
        REWRITE if edited or deleted or added else "",
    )


def describe_known_edits(
    known: dict[str, str], changes: Changes, checksums: dict[str, str]
) -> str:
    """Which lines of the project's list are wrong; empty where all are true."""
    changed = {*changes.edited, *changes.deleted, *changes.added}
    foreign = [p for p in known if p not in checksums and not is_owned_by_base(p)]
    unexplained = [path for path, reason in known.items() if not reason]
    stale = [path for path in known if path not in changed and path not in foreign]
    if changes.not_searched:
        stale = [path for path in stale if path in checksums]
    names = f"{KNOWN_EDITS} names {{files}}"
    return join_sentences(
        list_paths(f"{KNOWN_EDITS} gives no reason (# ...) for {{files}}", unexplained),
        list_paths(f"{names} that the base does not own", foreign),
        list_paths(f"{names} as edited that {{are}} not", stale),
        "Take these lines out." if foreign or stale else "",
    )


def join_sentences(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def list_paths(form: str, paths: list[str], *, limit: int | None = None) -> str:
    """A sentence with the first `limit` paths (None: all); empty without any."""
    if not paths:
        return ""
    one = len(paths) == 1
    said = form.format(
        files="1 file" if one else f"{len(paths)} files",
        were="was" if one else "were",
        are="is" if one else "are",
    )
    more = len(paths) - len(paths[:limit])
    rest = f" and {more} more (--verbose lists all)" if more else ""
    return f"{said}: {', '.join(paths[:limit])}{rest}."


def check(root: Path, *, limit: int | None) -> tuple[bool, str]:
    """Whether all is as the manifest says, and a line that tells. ManifestError."""
    checksums, known = read_manifest(root), read_known_edits(root)
    changes = find_changes(root, checksums)
    wrong = join_sentences(
        describe_known_edits(known, changes, checksums),
        describe_changes(changes, known, limit=limit),
    )
    if wrong:
        return False, wrong
    unsearched = changes.not_searched
    return True, join_sentences(
        f"The base's {len(checksums)} files are as {MANIFEST} says,",
        f"but for {len(known)} in {KNOWN_EDITS}." if known else "all of them.",
        f"Added files were not looked for: {unsearched}." if unsearched else "",
    )


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """The exit status: 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m socle.manifest")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="say what was edited here")
    action.add_argument("--write", action="store_true", help=f"write {MANIFEST} anew")
    parser.add_argument("--verbose", action="store_true", help="list every path")
    asked = parser.parse_args(arguments)
    try:
        if asked.write:
            is_good, said = True, f"{MANIFEST} names {write_manifest(root)} files."
        else:
            limit = None if asked.verbose else SHOWN_PATHS
            is_good, said = check(root, limit=limit)
    except ManifestError as error:
        is_good, said = False, str(error)
    except OSError as error:
        is_good, said = False, f"{error.filename}: {error.strerror}."
    print(said, file=sys.stdout if is_good else sys.stderr)  # noqa: T201
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
