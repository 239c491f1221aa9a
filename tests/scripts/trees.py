"""What lies in a folder, to see that nothing has changed."""

from pathlib import Path


def picture(root: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each file and folder below `root`, by its path."""
    return {
        str(path.relative_to(root)): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in root.rglob("*")
    }
