"""Prints socle/core/time_zones.txt: the names that the tzdata package knows."""

from importlib.resources import files

HEADER = """\
# Every name of a time zone, and what an old one is called today. Written by
# web/requirements/lock.sh from the package tzdata; the installers and the site read it.
"""


def main() -> None:
    package = files("tzdata")
    rules = (package / "zoneinfo" / "tzdata.zi").read_text().splitlines()
    links = [line.split()[1:] for line in rules if line.startswith("L ")]
    today = {old: new for new, old in links}
    names = (package / "zones").read_text().split()
    print(HEADER, end="")  # noqa: T201
    for name in sorted(names):
        print(" ".join([name, *filter(None, [today.get(name)])]))  # noqa: T201


if __name__ == "__main__":
    main()
