import os

import pytest

from socle.embedded.env_file import (
    chosen_ports,
    first_values,
    program_environment,
    read_env,
    write_env,
)
from socle.embedded.exceptions import LocalError


def test_what_a_person_wrote_stays_where_it_is(tmp_path):
    file = tmp_path / "env"
    file.write_text("# my note\nWEB_WORKERS=7\nMY_OWN=a=b\n")
    write_env(file, {"WEB_WORKERS": "7", "NEW": "x"})
    assert file.read_text() == "# my note\nWEB_WORKERS=7\nMY_OWN=a=b\nNEW=x\n"
    assert read_env(file) == {"WEB_WORKERS": "7", "MY_OWN": "a=b", "NEW": "x"}


def test_the_file_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "env"
    write_env(file, {"SECRET_KEY": "x"})
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    write_env(file, {"SECRET_KEY": "x"})
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_port_is_the_one_asked_for_else_the_last_one_else_the_default():
    ports = chosen_ports({"WEB_PORT": "1", "FLOWER_PORT": "2"}, {"WEB_PORT": 3})
    assert ports == {"WEB_PORT": 3, "FLOWER_PORT": 2, "STORAGE_PORT": 4443}


def test_secrets_are_new_each_time():
    secrets = ("SECRET_KEY", "MEDIA_LINK_KEY", "POSTGRES_PASSWORD", "FLOWER_BASIC_AUTH")
    one, other = first_values(), first_values()
    assert all(one[name] != other[name] for name in secrets)


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_the_callers_shell_does_not_reach_past_the_file(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "theirs")
    environment = program_environment({"SECRET_KEY": "ours"}, local=tmp_path)
    assert environment["SECRET_KEY"] == "ours"
    assert "SECRET_KEY_FILE" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_a_port_that_is_none_is_told_in_words():
    with pytest.raises(LocalError, match="WEB_PORT in .local/env is 'http'; it is a"):
        chosen_ports({"WEB_PORT": "http"}, {})

    assert chosen_ports({"WEB_PORT": "http"}, {"WEB_PORT": 8001})["WEB_PORT"] == 8001
