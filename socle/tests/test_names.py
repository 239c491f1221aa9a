"""What is called what: a name that one searches for is found in one place."""

import ast
from collections import defaultdict
from pathlib import Path

from socle import SOCLE_DIR

REPOSITORY = SOCLE_DIR.parent
PLACES = ("socle", "web", "cron", "certbot")
NO_PLACES = {"tests", "migrations", "node_modules", "staticfiles"}
OF_DJANGO = {"Command"}


def modules(place: Path) -> list[Path]:
    return [
        path
        for path in sorted(place.rglob("*.py"))
        if not NO_PLACES & set(path.relative_to(REPOSITORY).parts)
    ]


def test_a_class_name_exists_once():
    found = defaultdict(list)
    for place in PLACES:
        for path in modules(REPOSITORY / place):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and node.name not in OF_DJANGO:
                    found[node.name].append(str(path.relative_to(REPOSITORY)))

    assert {name: at for name, at in found.items() if len(at) > 1} == {}
    assert len(found) > 200


def test_a_module_name_exists_once_in_a_package_of_the_base():
    found = defaultdict(list)
    for package in (path.parent for path in SOCLE_DIR.glob("*/__init__.py")):
        for path in modules(package):
            is_command = path.parent.name == "commands"
            if not path.stem.startswith("__") and not is_command:
                found[package.name, path.stem].append(str(path.relative_to(package)))

    assert {name: at for name, at in found.items() if len(at) > 1} == {}
    assert len(found) > 150
