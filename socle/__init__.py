"""The base: never edited in a project, replaced whole by an update."""

from pathlib import Path

SOCLE_DIR = Path(__file__).resolve().parent
