import json
import os
import subprocess
import sys

import pytest

LONG_SECONDS = 90  # what hangs, hangs for ever


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_redis_that_hangs_holds_no_request_for_ever(server):
    command = [sys.executable, "-m", "socle.core.tests.asking_redis"]
    done = subprocess.run(
        [*command, str(server.process.pid)],
        env={**os.environ, "REDIS_URL": server.url},
        capture_output=True,
        text=True,
        timeout=LONG_SECONDS,
    )

    assert done.returncode == 0, done.stderr
    before, after = [1, True, 2, True], [1, False, 1, False, "no letter"]
    assert json.loads(done.stdout) == before + after
