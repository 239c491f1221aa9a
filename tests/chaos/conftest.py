"""
Kills, faults and clocks: how backups and restores behave when things go wrong.

Each test prints its seed; CHAOS_SEED=… runs it again the same way. CHAOS_SHARE=0.1 runs
a tenth of the rounds.
"""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "web"))

import django  # noqa: E402
from rounds import Rounds  # noqa: E402
from servers import Servers  # noqa: E402

SHARE = float(os.environ.get("CHAOS_SHARE", "1"))


def pytest_configure(config):
    """Django's settings are read before the modules of the tests import anything."""
    folder = Path(tempfile.mkdtemp(prefix=f"socle-tests-{os.getpid()}-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    config.chaos_servers = Servers(folder)
    os.environ.update(config.chaos_servers.environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()


@pytest.fixture(scope="session")
def servers(pytestconfig):
    with pytestconfig.chaos_servers.running():
        yield pytestconfig.chaos_servers


@pytest.fixture
def tell(capsys):
    """Says something that is seen also when all goes well."""

    def say(words):
        with capsys.disabled():
            print(f"\n  {words}", end="", flush=True)  # noqa: T201

    return say


@pytest.fixture
def rounds(request, tell):
    """`rounds(200)` gives so many (or the share of them) with a random of their own."""
    seed = int(os.environ.get("CHAOS_SEED") or uuid4().int % 1_000_000)

    def make(count):
        some = max(2, round(count * SHARE))
        tell(f"{request.node.name}: CHAOS_SEED={seed}, {some} rounds")
        return Rounds(some, chance=random.Random(seed))

    return make


@pytest.fixture
def world(servers, tmp_path):
    """A small site of its own: a migrated database, media, a prefix in the bucket."""
    from world import World

    with World.made(tmp_path) as world:
        yield world
