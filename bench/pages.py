"""
The list and a gallery in Lighthouse, as a visitor without an account gets them: behind
the site's own nginx, with the static files of PROD. Medians of several rounds, since
the machine's own noise is in each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent / "tests" / "browser"), str(Path.cwd())]

from lighthouse import CATEGORIES, look_at  # noqa: E402
from measuring import figure  # noqa: E402
from running_site import Site, running_site  # noqa: E402

AIM = 95
SCRIPTS_KB = 120
FORMS = ("mobile", "desktop")
PRODUCTION = {"ENVIRONMENT": "dev", "DEBUG": "0"}
WAIT = """
import time
from gallery.models import Photo
while Photo.objects.unfinished().exists():
    time.sleep(0.2)
"""
LARGEST = """
from gallery.models import Gallery
public = Gallery.objects.filter(visibility="public").order_by("-photo_count")
print(public.first().get_absolute_url())
"""


def manage(site: Site, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=site.environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def collect_static_files() -> None:
    """Before the site starts: it looks once for what there is."""
    values = {"SECRET_KEY": "build", "POSTGRES_PASSWORD": "build", **PRODUCTION}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        env=os.environ | values | {"REDIS_URL": "redis://build"},
        check=True,
    )


@contextmanager
def production_site() -> Iterator[tuple[Site, Path]]:
    """The site with the static files of PROD, and a folder that ends with it."""
    collect_static_files()
    with (
        tempfile.TemporaryDirectory(prefix="socle-bench-") as folder,
        running_site(Path(folder), **PRODUCTION) as site,
    ):
        yield site, Path(folder)


def fill(site: Site) -> str:
    """The address of the largest public gallery, whose photos are all drawn."""
    manage(site, "setup_project")
    manage(site, "shell", "--verbosity=0", "--command", WAIT)
    return manage(site, "shell", "--verbosity=0", "--command", LARGEST).strip()


def measure(site: Site, pages: dict[str, str], *, rounds: int) -> None:
    for name, path in pages.items():
        for form in FORMS:
            reports = [
                look_at(site.url + path, form_factor=form) for _ in range(rounds)
            ]
            for category in CATEGORIES:
                score = median(report.scores[category] for report in reports)
                figure(
                    f"{name}, {form}, {category}",
                    ours=score,
                    peer="the aim",
                    theirs=AIM,
                    unit="of 100",
                    aim=1.0,
                    better="higher",
                )
            last = reports[-1]
            say(f"  {name}, {form}: marked down for {last.faults or 'nothing'}")
            figure(
                f"{name}, {form}, scripts",
                ours=last.script_bytes / 1000,
                peer="the limit",
                theirs=SCRIPTS_KB,
                unit="kB, compressed",
                aim=1.0,
            )


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, not five")
    rounds = 1 if parser.parse_args().quick else 5
    with production_site() as (site, _folder):
        gallery = fill(site)
        time.sleep(1)
        measure(site, {"list": "/", "gallery": gallery}, rounds=rounds)


if __name__ == "__main__":
    main()
