"""The table for people, and one JSON line a figure."""

import sys
from dataclasses import dataclass

from measuring import Measured, figure, medians

MEMORY_MEGABYTES = 150
OURS, RESTIC, DBBACKUP, DUMP = "ours", "restic", "django-dbbackup", "dump pipe"
FIRST, SECOND, RESTORE, VERIFY = "first night", "second night", "restore", "verify"

Results = dict[tuple[str, str], list[Measured]]


@dataclass(frozen=True)
class Growth:
    """Two nights with many small files, 1 % of them new in the second."""

    files: int
    first: Measured
    second: Measured
    walk_seconds: float

    @property
    def new_files(self) -> int:
        return self.files // 100


def write_table(results: Results, grown: list[Growth]) -> None:
    heads = f"{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'stored MB':>11}"
    write(f"{'':19}{'':14}{heads}")
    for (name, step), rounds in sorted(results.items(), key=_by_step):
        write(f"{name:19}{step:14}{_columns(medians(rounds))}")
    for one in grown:
        for step, measured in ((FIRST, one.first), (SECOND, one.second)):
            write(f"{f'ours, {one.files:,} files':19}{step:14}{_columns(measured)}")


def _by_step(item: tuple[tuple[str, str], list[Measured]]) -> int:
    return [FIRST, SECOND, RESTORE, VERIFY].index(item[0][1])


def _columns(measured: Measured) -> str:
    return (
        f"{measured.wall_seconds:9.2f}{measured.cpu_seconds:9.2f}"
        f"{measured.peak_megabytes:9.0f}{measured.stored_megabytes:11.1f}"
    )


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


# Step, what is compared, the peer, the aim for ours / theirs.
AIMS = [
    (SECOND, "stored_megabytes", DBBACKUP, 0.05),
    (SECOND, "wall_seconds", RESTIC, 0.9),
    (SECOND, "wall_seconds", DUMP, 1.3),
    (FIRST, "wall_seconds", RESTIC, 1.15),
    (FIRST, "cpu_seconds", RESTIC, 0.5),
    (RESTORE, "wall_seconds", RESTIC, 0.7),
    (VERIFY, "wall_seconds", RESTIC, 1.0),
]
UNITS = {"wall_seconds": "s", "cpu_seconds": "s of CPU", "stored_megabytes": "MB"}


def write_figures(
    results: Results, grown: list[Growth], *, new_megabytes: float
) -> None:
    found = {key: medians(rounds) for key, rounds in results.items()}
    for step, column, peer, aim in AIMS:
        if (peer, step) in found:
            figure(
                f"{step}, {UNITS[column]}",
                ours=getattr(found[OURS, step], column),
                peer=peer,
                theirs=getattr(found[peer, step], column),
                unit=UNITS[column],
                aim=aim,
            )
    figure(
        "second night, MB",
        ours=found[OURS, SECOND].stored_megabytes,
        peer="the dump pipe's dump and the new photos",
        theirs=found[DUMP, SECOND].stored_megabytes + new_megabytes,
        unit="MB",
        aim=1.02,
    )
    peak = max(one.peak_megabytes for (name, _), one in found.items() if name == OURS)
    _write_peak("peak memory, any step", peak)
    _write_growth(grown)


def _write_peak(name: str, megabytes: float) -> None:
    figure(
        name,
        ours=megabytes,
        peer="the limit",
        theirs=MEMORY_MEGABYTES,
        unit="MB",
        aim=1.0,
    )


def _write_growth(grown: list[Growth]) -> None:
    """
    Compared with a night of the few files, the sending of the new ones at the pace of
    a first night, and a walk through the folder.
    """
    few, many = grown[0], grown[-1]
    sent = few.files - few.new_files
    pace = (few.first.wall_seconds - few.second.wall_seconds) / sent
    new = max(pace, 0.0) * (many.new_files - few.new_files)
    figure(
        f"a night with {many.files:,} small files",
        ours=many.second.wall_seconds,
        peer=f"a night with {few.files:,}, what is new, and a walk",
        theirs=few.second.wall_seconds + new + many.walk_seconds,
        unit="s",
        aim=1.5,
    )
    peak = max(many.first.peak_megabytes, many.second.peak_megabytes)
    _write_peak(f"peak memory, {many.files:,} files", peak)
