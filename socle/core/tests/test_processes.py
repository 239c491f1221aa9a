"""gunicorn's processes follow the limits of the container."""

import pytest

from socle.core.gunicorn_workers import worker_count

GB = 1024**3


def limits(folder, **files: str):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def version_1(folder, *, quota: int, memory: int):
    return limits(
        folder,
        cpu__cpu_dot_cfs_quota_us=f"{quota}\n",
        cpu__cpu_dot_cfs_period_us="100000\n",
        memory__memory_dot_limit_in_bytes=f"{memory}\n",
    )


@pytest.mark.parametrize(
    ("cpu", "memory", "host_cpus", "processes"),
    [
        ("200000 100000\n", f"{4 * GB}\n", 16, 5),
        ("50000 100000\n", f"{4 * GB}\n", 16, 2),
        ("max 100000\n", "max\n", 4, 9),
        ("800000 100000\n", "max\n", 2, 5),
        ("400000 100000\n", f"{GB}\n", 16, 5),
        ("400000 100000\n", f"{GB // 8}\n", 16, 1),
    ],
)
def test_processes_follow_version_2(tmp_path, cpu, memory, host_cpus, processes):
    folder = limits(tmp_path, cpu_dot_max=cpu, memory_dot_max=memory)

    assert worker_count(cgroup=folder, host_cpus=host_cpus) == processes


@pytest.mark.parametrize(
    ("quota", "memory", "processes"),
    [
        (200_000, 4 * GB, 5),
        (-1, 9223372036854771712, 17),
        (100_000, GB // 2, 1),
        (100_000, GB, 3),
    ],
)
def test_processes_follow_version_1(tmp_path, quota, memory, processes):
    folder = version_1(tmp_path, quota=quota, memory=memory)

    assert worker_count(cgroup=folder, host_cpus=8) == processes


def test_a_machine_without_limits_has_its_own_processors(tmp_path):
    assert worker_count(cgroup=tmp_path, host_cpus=3) == 7
