"""What the tests of ./install_docker.sh share, and those of cron."""

import socket
from collections.abc import Iterator

import pytest
from cron_container import Cron, container
from docker_project import Project


@pytest.fixture
def project(tmp_path) -> Project:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    return Project(tmp_path, port=free)


@pytest.fixture
def cron() -> Iterator[Cron]:
    with container() as cron:
        yield cron
