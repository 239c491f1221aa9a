"""testssl.sh, of Debian's packages, in a container beside nginx."""

import json
import shutil

import pytest
from pebble import NAME, Certified

# All that the grade is made of, without the simulation of forty browsers.
WHAT = (
    "--protocols",
    "--std",
    "--fs",
    "--server-defaults",
    "--headers",
    "--vulnerable",
)
HOW = ("--quiet", "--warnings=batch", "--color=0", "--nodns=min")
DOCKERFILE = """FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends testssl.sh
"""


def testssl(site: Certified) -> list[dict[str, str]]:
    """Each fact that it found: id, severity, finding. Skips where it cannot be had."""
    folder = site.stack.folder.parent / "testssl"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(site.root(), folder / "root.pem")
    image = f"{site.stack.project}-testssl"
    build = ["docker", "build", "--quiet", "--tag", image, str(folder)]
    built = site.stack.run(*build, check=False, timeout=240)
    if built.returncode != 0:
        pytest.skip(f"testssl.sh could not be installed: {built.stderr[-300:]}")
    network = f"{site.stack.project}-dev_edge"
    run = ["docker", "run", "--rm", f"--network={network}", f"--volume={folder}:/t"]
    files = ["--add-ca=/t/root.pem", "--jsonfile=/t/facts.json"]
    asked = ["testssl", *HOW, *files, *WHAT, f"{NAME}:8443"]
    site.stack.run(*run, image, *asked, check=False, timeout=900)
    return json.loads((folder / "facts.json").read_text())


testssl.__test__ = False  # it is none of pytest's
