"""Asks a person before something that is live is replaced."""

import sys

from django.core.management.base import CommandError, OutputWrapper

from socle.backups.management.base import USAGE
from socle.backups.runs.backup_source import BackupSource

NOTHING = "Nothing was changed."


def ask(question: str, *, stderr: OutputWrapper) -> None:
    """Raises CommandError unless the answer begins with y."""
    answer = _answer(f"{question} [y/N] ", stderr=stderr)
    if not answer.lower().startswith("y"):
        raise CommandError(NOTHING)


def ask_to_replace(question: str, *, site: BackupSource, stderr: OutputWrapper) -> None:
    """On PROD the project's name has to be typed: a y is typed too easily."""
    if site.environment != "prod":
        ask(question, stderr=stderr)
        return
    answer = _answer(
        f"This is PROD. {question} Type the project's name, {site.project}, to go on: ",
        stderr=stderr,
    )
    if answer != site.project:
        raise CommandError(f"{NOTHING} {answer!r} is not {site.project!r}.")


def _answer(question: str, *, stderr: OutputWrapper) -> str:
    if not sys.stdin.isatty():
        raise CommandError(
            f"{NOTHING} Nobody can be asked here. Add --yes.", returncode=USAGE
        )
    stderr.write(question, style_func=str, ending="")
    stderr.flush()
    return sys.stdin.readline().strip()
