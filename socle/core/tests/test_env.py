import re
import zoneinfo
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from socle.core.env import Environment, redis_urls

REPOSITORY = Path(__file__).resolve().parents[3]
# Read by Compose, the images or the scripts, not by the site.
OUTSIDE_THE_SITE = {
    "APP_GID",
    "APP_UID",
    "ADMIN_EMAIL",
    "HTTP_PORT",
    "HTTPS_PORT",
    "REDIS_PASSWORD",
    "POSTGRES_VERSION",
    "COMPOSE_FILE",
    "SECRETS_REVISION",
    # nginx', certbot's and Grafana's
    "ACME_EMAIL",
    "ACME_SERVER",
    "DEV_PASSWORD",
    "GRAFANA_PASSWORD",
    "GRAFANA_PORT",
    "PUBLISH_ON",
    "REQUESTS_IN_FLIGHT",
    "REQUESTS_PER_SECOND",
    "TRUSTED_PROXIES",
    # Docker's
    "WEB_CPUS",
    "WORKER_CPUS",
}


def test_every_mistake_is_reported_in_one_go():
    env = Environment({"WORKERS": "many", "FLAG": "maybe", "KEY": "changeme"})
    env.required("MISSING")
    env.required("KEY")
    env.number("WORKERS", 2)
    env.flag("FLAG")
    env.choice("KIND", "best", among={"good", "bad"})

    with pytest.raises(ImproperlyConfigured) as caught:
        env.raise_mistakes()

    message = str(caught.value)
    for name in ("MISSING", "KEY", "WORKERS", "FLAG", "KIND"):
        assert name in message
    assert "install_docker.sh" in message


def test_empty_values_mean_the_default():
    env = Environment({"WORKERS": "", "FLAG": "", "NAME": ""})

    assert env.number("WORKERS", 2) == 2
    assert env.flag("FLAG", True) is True
    assert env.text("NAME", "socle") == "socle"
    env.raise_mistakes()


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    env = Environment({"KEY_FILE": str(tmp_path / "key")})

    assert env.required("KEY") == "from-a-file"
    env.raise_mistakes()


def test_a_secret_file_that_is_missing_is_a_mistake(tmp_path):
    env = Environment({"KEY_FILE": str(tmp_path / "nowhere")})
    env.required("KEY")

    with pytest.raises(ImproperlyConfigured, match="nowhere"):
        env.raise_mistakes()


@pytest.mark.parametrize(
    ("given", "share"), [("0", 0), ("1", 1), ("0.05", 0.05), (".5", 0.5), ("", 0.2)]
)
def test_a_share_is_from_none_to_all(given, share):
    env = Environment({"SHARE": given})

    assert env.share("SHARE", 0.2) == share
    env.raise_mistakes()


@pytest.mark.parametrize("given", ["2", "1.5", "-1", "nan", "5%"])
def test_more_than_all_is_a_mistake(given):
    env = Environment({"SHARE": given})

    assert env.share("SHARE", 0.2) == 0.2
    with pytest.raises(ImproperlyConfigured, match="SHARE is '"):
        env.raise_mistakes()


def test_a_value_against_its_rule_is_told_once_and_counts_as_not_given():
    env = Environment({"HTTP_PORT": "80a", "LOG_FORMAT": "xml"})

    assert env.number("HTTP_PORT", 8080) == 8080
    assert env.text("LOG_FORMAT") == env.text("LOG_FORMAT") == ""
    with pytest.raises(ImproperlyConfigured) as caught:
        env.raise_mistakes()
    lines = str(caught.value).splitlines()
    assert lines[1:3] == [
        "  HTTP_PORT is '80a'; it is a port, a whole number from 1 to 65535.",
        "  LOG_FORMAT is 'xml'; it is json or text.",
    ]
    assert len(lines) == 4


@pytest.mark.parametrize("given", ["changeme", "Password"])
def test_a_placeholder_of_a_secret_is_told_once_and_never_shown(given):
    env = Environment({"SECRET_KEY": given})
    env.required("SECRET_KEY")

    with pytest.raises(ImproperlyConfigured) as caught:
        env.raise_mistakes()
    assert str(caught.value).count("SECRET_KEY") == 1
    assert given not in str(caught.value).replace("placeholder", "")


def test_an_old_name_of_a_zone_is_called_by_its_name_of_today(tmp_path, monkeypatch):
    monkeypatch.setattr("socle.core.env.ZONES", tmp_path)
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "New_York").touch()
    env = Environment({"TIME_ZONE": "US/Eastern"})

    assert env.zone("TIME_ZONE", "UTC") == "America/New_York"
    env.raise_mistakes()


def test_a_zone_that_the_machine_has_keeps_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr("socle.core.env.ZONES", tmp_path)
    (tmp_path / "UTC").touch()

    assert Environment({}).zone("TIME_ZONE", "UTC") == "UTC"


def test_a_zone_that_is_too_new_for_the_machine_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("socle.core.env.ZONES", tmp_path)
    env = Environment({"TIME_ZONE": "Europe/Paris"})

    assert env.zone("TIME_ZONE", "UTC") == "UTC"
    with pytest.raises(ImproperlyConfigured, match="update its package tzdata"):
        env.raise_mistakes()


def test_a_machine_without_zones_has_those_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr("socle.core.env.ZONES", tmp_path / "nowhere")
    env = Environment({"TIME_ZONE": "US/Eastern"})

    assert env.zone("TIME_ZONE", "UTC") == "US/Eastern"
    zoneinfo.reset_tzpath([])
    try:
        assert zoneinfo.ZoneInfo.no_cache("US/Eastern").key == "US/Eastern"
    finally:
        zoneinfo.reset_tzpath()


def test_redis_urls_of_both_kinds():
    assert redis_urls("redis://:pw@redis:6379") == (
        "redis://:pw@redis:6379/0",
        "redis://:pw@redis:6379/1",
    )
    assert redis_urls("unix:///run/v.sock") == (
        "redis+socket:///run/v.sock",
        "unix:///run/v.sock?db=1",
    )


def variables_read_by_the_site() -> set[str]:
    read = set()
    for path in [
        REPOSITORY / "web/config/settings.py",
        REPOSITORY / "socle/core/settings.py",
        REPOSITORY / "socle/core/gunicorn_settings.py",
    ]:
        text = path.read_text()
        read |= set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', text))
        read |= set(re.findall(r'environ\.get\(\s*["\']([A-Z0-9_]+)', text))
    return read


def test_the_example_lists_every_variable_and_no_other():
    example = (REPOSITORY / ".env.example").read_text()
    listed = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    elsewhere = {"FLOWER_BASIC_AUTH", "GOOGLE_APPLICATION_CREDENTIALS"}
    elsewhere |= {"STORAGE_EMULATOR_HOST", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"}
    elsewhere |= {"AWS_SECRET_ACCESS_KEY"}  # libraries read these by themselves
    developer_only = {"DEBUG", "WEB_HOST"}

    assert variables_read_by_the_site() - developer_only <= listed
    assert listed <= variables_read_by_the_site() | OUTSIDE_THE_SITE | elsewhere
