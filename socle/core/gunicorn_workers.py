"""How many processes gunicorn may have: from the container's limits, not the host's."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
# One process while it sends and takes photos (measured: 130 MB), and what all share.
PROCESS_BYTES = 160 * 1024**2
SHARED_BYTES = 200 * 1024**2
WITHOUT_LIMIT = 1 << 60  # cgroup v1 writes a number that no machine has


def worker_count(*, cgroup: Path = CGROUP, host_cpus: int | None = None) -> int:
    """(2 × processors) + 1, or fewer where memory is short; never less than one."""
    by_cpu = int(2 * _cpus(cgroup, host_cpus or len(os.sched_getaffinity(0)))) + 1
    memory = _memory_bytes(cgroup)
    if memory is None:
        return by_cpu
    return max(1, min(by_cpu, (memory - SHARED_BYTES) // PROCESS_BYTES))


def _cpus(cgroup: Path, host_cpus: int) -> float:
    """Processors that the container may use, such as 0.5."""
    quota, period = _numbers(cgroup / "cpu.max", cgroup / "cpu/cpu.cfs_quota_us")
    if period is None:
        period = _number(cgroup / "cpu/cpu.cfs_period_us")
    if quota is None or quota <= 0 or not period:
        return host_cpus
    return min(host_cpus, quota / period)


def _memory_bytes(cgroup: Path) -> int | None:
    limit, _ = _numbers(cgroup / "memory.max", cgroup / "memory/memory.limit_in_bytes")
    return limit if limit and limit < WITHOUT_LIMIT else None


def _numbers(version_2: Path, version_1: Path) -> tuple[int | None, int | None]:
    """The first two words of the file that there is; None for "max" and for none."""
    for file in (version_2, version_1):
        if file.exists():
            words = [*file.read_text().split(), "max"][:2]
            first, second = (int(w) if w.lstrip("-").isdigit() else None for w in words)
            return first, second
    return None, None


def _number(file: Path) -> int | None:
    return _numbers(file, file)[0]
