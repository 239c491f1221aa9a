"""Runs Lighthouse against a page, with the browser that the tests drive."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"


@dataclass(frozen=True)
class Report:
    """Scores from 0 to 100, and what was marked down, in Lighthouse's words."""

    scores: dict[str, int]
    faults: list[str]
    script_bytes: int  # as they were sent: compressed
    layout_shift: float


@cache
def install() -> None:
    """Takes 20 seconds once; it is too large for the frontend's own tools."""
    if not (FOLDER / "node_modules" / "lighthouse").is_dir():
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(npm, cwd=FOLDER, check=True)


def look_at(url: str, *, form_factor: str = "mobile") -> Report:
    """Raises RuntimeError when Lighthouse itself fails three times."""
    install()
    command = ["node", "node_modules/lighthouse/cli/index.js", url, "--quiet"]
    command += ["--output=json", f"--only-categories={','.join(CATEGORIES)}"]
    command += [f"--chrome-flags={FLAGS}"]
    if form_factor == "desktop":
        command += ["--preset=desktop"]
    chromium = {"CHROME_PATH": os.environ.get("CHROMIUM", "/usr/bin/chromium")}
    for _ in range(3):  # a busy Chromium may paint too late for it to see anything
        said = subprocess.run(
            command,
            cwd=FOLDER,
            env=os.environ | chromium,
            capture_output=True,
            text=True,
            timeout=180,
        )
        if said.returncode == 0 and is_whole(result := json.loads(said.stdout)):
            return read(result)
    raise RuntimeError(f"Lighthouse has no result: {said.stdout[:500]}{said.stderr}")


def is_whole(result: dict) -> bool:
    return all(one["score"] is not None for one in result["categories"].values())


def read(result: dict) -> Report:
    audits = result["audits"]
    faults = [
        f"{audit['id']}: {audit.get('displayValue') or audit['title']}"
        for audit in audits.values()
        if audit["score"] is not None and audit["score"] < 0.9
    ]
    requests = audits["network-requests"]["details"]["items"]
    return Report(
        scores={
            name: round(result["categories"][name]["score"] * 100)
            for name in CATEGORIES
        },
        faults=faults,
        script_bytes=sum(
            one["transferSize"]
            for one in requests
            if one.get("resourceType") == "Script"
        ),
        layout_shift=audits["cumulative-layout-shift"]["numericValue"],
    )
