"""testssl.sh, of Debian's packages, in a container beside nginx."""

import json
import shutil

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
    """Of a page that everybody may see, each fact: id, severity, finding."""
    folder = site.stack.folder.parent / "testssl"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(site.root(), folder / "root.pem")
    image = f"{site.stack.project}-testssl"
    build = ["docker", "build", "--quiet", "--tag", image, str(folder)]
    site.stack.run(*build, timeout=240)
    network = f"{site.stack.project}-dev_edge"
    run = ["docker", "run", "--rm", f"--network={network}", f"--volume={folder}:/t"]
    files = ["--add-ca=/t/root.pem", "--jsonfile=/t/facts.json"]
    asked = ["testssl", *HOW, *files, *WHAT, f"{NAME}:8443/sign-in/"]
    site.stack.run(*run, image, *asked, check=False, timeout=900)
    return json.loads((folder / "facts.json").read_text())


testssl.__test__ = False  # it is none of pytest's
