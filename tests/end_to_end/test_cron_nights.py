"""
Debian's cron itself lives through both nights on which the clock changes, in seconds:
with the daemon of the image, and a library that lets its time run faster.
"""

import subprocess

import pytest

FASTER = """FROM {image}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libfaketime
"""
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
TABLE = """
0 3 * * * root echo nightly >>/run/seen
30 2 * * * root echo within >>/run/seen
59 1 * * * root echo before >>/run/seen
0 * * * * root echo hourly >>/run/seen
"""
# Three hours at 360 seconds a second; the time zone is the container's.
LIVE = f"""
echo '{TABLE}' >/etc/cron.d/tasks
FAKETIME="@$START x360" LD_PRELOAD={LIBRARY} timeout 29 cron -f
cat /run/seen
"""


@pytest.fixture(scope="module")
def image(stack) -> str:
    """The image of cron, with that library."""
    name = f"{stack.project}-nights"
    lines = FASTER.format(image=stack.container("cron")["Config"]["Image"])
    build = ["docker", "build", "--quiet", "--tag", name, "-"]
    done = subprocess.run(build, input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"libfaketime could not be installed: {done.stderr[-300:]}")
    return name


@pytest.fixture(scope="module")
def seen(image) -> dict[str, list[str]]:
    """What ran in each night, from 01:45 on, for three hours."""
    nights = {"spring": "2027-03-28 01:45:30", "autumn": "2026-10-25 01:45:30"}
    running = {
        night: subprocess.Popen(
            ["docker", "run", "--rm", "--env", "TZ=Europe/Paris"]
            + ["--env", f"START={start}", image, "bash", "-c", LIVE],
            stdout=subprocess.PIPE,
            text=True,
        )
        for night, start in nights.items()
    }
    return {
        night: one.communicate(timeout=90)[0].split() for night, one in running.items()
    }


@pytest.mark.parametrize("night", ["spring", "autumn"])
@pytest.mark.parametrize("job", ["nightly", "within", "before"])
def test_a_daily_job_runs_once(seen, night, job):
    assert seen[night].count(job) == 1, seen[night]


@pytest.mark.parametrize("night", ["spring", "autumn"])
def test_a_job_of_each_hour_follows_the_clock(seen, night):
    assert seen[night].count("hourly") == 3, seen[night]
