"""Each stage's file, resolved once."""

import pytest
from compose_files import (
    STAGES,
    complete_values,
    compose_is_here,
    resolved,
    write_project,
)


@pytest.fixture(scope="session")
def compose() -> None:
    if not compose_is_here():
        pytest.skip("the docker client with compose is not on this machine")


@pytest.fixture(scope="session")
def stages(compose, tmp_path_factory) -> dict[str, dict]:
    found = {}
    for stage in STAGES:
        folder = tmp_path_factory.mktemp("project")
        write_project(folder, complete_values(stage))
        found[stage] = resolved(folder, stage)
    return found
