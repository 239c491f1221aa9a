"""What the tests of ./install_docker.sh share."""

import socket

import pytest
from docker_project import Project


@pytest.fixture
def project(tmp_path) -> Project:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    return Project(tmp_path, port=free)
