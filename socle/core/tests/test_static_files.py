"""Collected as the image's build does it: each name that a file mentions is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

WEB = Path(__file__).resolve().parents[3] / "web"
# import … from "./a.js", import("./a.js"), export … from "./a.js"
IMPORT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*)(["'`])(?P<name>\.{1,2}/[^"'`]+)\1"""
)
MAPPED = re.compile(r"""["'`](?P<name>frontend/[^"'`]+\.(?:js|css))["'`]""")
COLLECT = """
import os, sys
from pathlib import Path
import django
from django.conf import settings
django.setup()
settings.STATIC_ROOT = Path(sys.argv[1])
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    if not (settings.FRONTEND_DIST / "manifest.json").exists():
        pytest.fail(
            "The frontend is not built. In web/frontend: npm ci && npm run build"
        )
    folder = tmp_path_factory.mktemp("static")
    production = {
        "SECRET_KEY": "build",
        "POSTGRES_PASSWORD": "build",
        "REDIS_URL": "redis://build",
        "ENVIRONMENT": "prod",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    subprocess.run(
        [sys.executable, "-c", COLLECT, str(folder)],
        cwd=WEB,
        env=os.environ | production,
        check=True,
    )
    return folder


def test_each_chunk_finds_the_chunks_that_it_imports(collected):
    found = 0
    for script in (collected / "frontend").glob("*.js"):
        text = script.read_text()
        names = [script.parent / match["name"] for match in IMPORT.finditer(text)]
        names += [collected / match["name"] for match in MAPPED.finditer(text)]
        assert [name for name in names if not name.exists()] == []
        found += len(names)
    assert found >= 3  # French and the uploads, and what they share with the page


def test_a_script_has_one_name_alone(collected):
    """Under two names it would be loaded twice."""
    manifest = json.loads((settings.FRONTEND_DIST / "manifest.json").read_text())
    named = json.loads((collected / "staticfiles.json").read_text())["paths"]
    for entry in manifest.values():
        assert named[entry["file"]] == entry["file"]
        assert (collected / entry["file"]).exists()
        sizes = [
            (collected / f"{entry['file']}{ending}").stat().st_size
            for ending in ("", ".gz", ".br")
        ]
        assert sizes == sorted(sizes, reverse=True), entry["file"]


def test_styles_are_named_by_their_content(collected):
    named = json.loads((collected / "staticfiles.json").read_text())["paths"]
    assert re.fullmatch(r"site\.[0-9a-f]{12}\.css", named["site.css"])


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("/static/frontend/main-Bd1QtK3W.js", True),
        ("/static/frontend/main-_d-QtK3W.css", True),
        ("/static/site.0123456789ab.css", True),
        ("/static/frontend/main.js", False),  # of a watching builder
        ("/static/site.css", False),
        ("/static/swagger-ui-bundle.js", False),
    ],
)
def test_only_what_is_named_by_its_content_is_kept_for_ever(url, answer):
    assert bool(re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, url)) is answer
