"""
The project's apps, read from PROJECT_APPS in config/settings.py without loading it.

For tools that run before the site could: lint, types, translations. From web/:

    python -m socle.core.project_apps
"""

import ast
import sys
from pathlib import Path

SETTINGS = Path("config/settings.py")


def project_apps(settings: Path) -> list[str]:
    """
    The packages of the apps, in their order: "recipes.apps.RecipesConfig" is recipes.

    Raises ValueError where the file gives PROJECT_APPS no plain list of names.
    """
    for line in ast.parse(settings.read_text()).body:
        if isinstance(line, ast.Assign) and _names(line) == ["PROJECT_APPS"]:
            return [name.partition(".")[0] for name in _texts(line.value)]
    raise ValueError('it has no line such as PROJECT_APPS = ["accounts", "gallery"]')


def _names(line: ast.Assign) -> list[str]:
    return [target.id for target in line.targets if isinstance(target, ast.Name)]


def _texts(value: ast.expr) -> list[str]:
    found = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    texts = [one.value for one in found if isinstance(one, ast.Constant)]
    if len(texts) != len(found) or not all(isinstance(text, str) for text in texts):
        raise ValueError("PROJECT_APPS is a list of names in quotes, nothing else")
    return [str(text) for text in texts]


if __name__ == "__main__":
    try:
        sys.stdout.write(" ".join(project_apps(SETTINGS)) + "\n")
    except (OSError, ValueError, SyntaxError) as error:
        sys.exit(f"web/{SETTINGS} does not say the project's apps: {error}.")
