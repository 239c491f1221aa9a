"""One list says the project's apps: all who look at code read it."""

import subprocess
import sys
import tomllib

import pytest
from django.conf import settings

from socle.core.project_apps import project_apps
from socle.core.tests import catalogue


def apps_of(tmp_path, text: str) -> list[str]:
    file = tmp_path / "settings.py"
    file.write_text(f"from x import *\n{text}\n")
    return project_apps(file)


OWN = project_apps(catalogue.WEB / "config/settings.py")


def test_they_are_read_as_django_has_them():
    assert [name.partition(".")[0] for name in settings.PROJECT_APPS] == OWN
    assert set(OWN) <= {app.split(".")[0] for app in settings.INSTALLED_APPS}


def test_an_app_may_be_named_by_its_configuration(tmp_path):
    text = 'PROJECT_APPS = [\n    "accounts",  # people\n    "recipes.apps.Config",\n]'

    assert apps_of(tmp_path, text) == ["accounts", "recipes"]


@pytest.mark.parametrize("text", ["", "PROJECT_APPS = [*MORE]", "PROJECT_APPS = [1]"])
def test_another_form_is_refused_with_the_right_one(tmp_path, text):
    with pytest.raises(ValueError, match="PROJECT_APPS"):
        apps_of(tmp_path, text)


def test_tools_are_told_what_is_wrong(tmp_path):
    command = [sys.executable, "-m", "socle.core.project_apps"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 1
    assert "web/config/settings.py does not say the project's apps" in done.stderr


def test_translations_are_taken_from_each_app():
    for app in OWN:
        assert f"web/{app}" in catalogue.APPS


def test_the_contracts_of_imports_know_each_app():
    tools = tomllib.loads((catalogue.WEB / "pyproject.toml").read_text())["tool"]
    linter = tools["importlinter"]
    project = {"config", *OWN}
    base = linter["contracts"][0]

    assert project <= set(linter["root_packages"]), (
        "root_packages in web/pyproject.toml"
    )
    assert base["source_modules"] == ["socle"]
    assert project <= set(base["forbidden_modules"]), base["name"]
