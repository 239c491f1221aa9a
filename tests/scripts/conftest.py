"""What the tests of ./install_docker.sh share, and those of cron."""

import socket
from collections.abc import Iterator

import pytest
from cron_container import Cron, container
from docker_project import Project
from outside import Site
from patient import Patient


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


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


@pytest.fixture
def patient(tmp_path, site) -> Patient:
    url = f"http://localhost:{site.port}"
    return Patient(tmp_path, url=url, port=site.port)


@pytest.fixture
def server(tmp_path, site) -> Patient:
    """PROD, which is not reached from outside in these tests."""
    url = f"https://localhost:{site.port}"
    server = Patient(tmp_path, url=url, port=site.port, stage="prod")
    server.change(BEHIND_PROXY="1", PUBLISH_ON="127.0.0.1")
    server.change(BACKUP_STORAGE_URL="file:///backups")
    server.docker(port=f"8080/tcp -> 127.0.0.1:{site.port}\n8443/tcp -> 0.0.0.0:443")
    server.change(HTTPS_PORT="443", ACME_SERVER=f"http://localhost:{site.port}")
    site.use_certificate(tmp_path)
    return server
