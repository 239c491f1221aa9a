"""
Whether a gallery of 10,000 photos is as quick as one of 100: its page's answer, what a
visitor sees first, and scrolling, in Chromium with an empty cache.
"""

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent / "tests" / "browser"), str(Path.cwd())]

from landscapes import landscape  # noqa: E402
from measuring import figure  # noqa: E402
from pages import production_site, say  # noqa: E402
from running_site import Site  # noqa: E402

SMALL, LARGE = 100, 10_000
SCREENS = 20
AIM = 1.2
WINDOW = {"viewport": {"width": 375, "height": 812}}
FILL = """
import sys
import time
from pathlib import Path
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
sys.path.insert(0, {bench!r})
from accounts.models import User
from api_rows import make_gallery
from gallery.photo_import import accept_uploads
from gallery.models import Gallery, Photo
owner = User.objects.get(email={owner!r})
one = Gallery.objects.create(name="One", owner=owner)
file = SimpleUploadedFile("one.jpg", Path({photo!r}).read_bytes())
accept_uploads(one, [file], owner=owner, now=timezone.now())
while Photo.objects.unfinished().exists():
    time.sleep(0.2)
like = Photo.objects.get()
for count in {counts}:
    made = make_gallery(str(count), owner=owner, like=like, count=count)
    Gallery.objects.filter(pk=made.pk).update(visibility="public")
"""
OPENED = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    resolve({
      "page's answer": page.responseEnd - page.requestStart,
      "first paint": paint.startTime,
      "largest paint": list.getEntries().at(-1).startTime,
    });
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""
# Up again at the end: a hundred photos are fewer screens. A step is over as soon as all
# that is seen is there.
SCROLLED = """async (screens) => {
  const frame = () => new Promise(requestAnimationFrame);
  const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  const isThere = () => {
    const seen = [...document.querySelectorAll(".tile img")]
      .filter((one) => isSeen(one.getBoundingClientRect()));
    return seen.length > 0 && seen.every((one) => one.complete);
  };
  const began = performance.now();
  let by = innerHeight, longest = 0;
  for (let screen = 0; screen < screens; screen++) {
    const before = scrollY;
    scrollBy(0, by);
    if (Math.abs(scrollY - before) < innerHeight / 2) scrollBy(0, 2 * (by = -by));
    let last = performance.now();
    do {
      await frame();
      await frame();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    } while (!isThere());
  }
  const whole = performance.now() - began;
  return { "20 screens scrolled": whole, "longest wait for two frames": longest };
}"""


def fill(site: Site, folder: Path) -> None:
    photo = folder / "one.jpg"
    photo.write_bytes(landscape(0))
    facts = {"bench": str(BENCH), "owner": site.photographer.email}
    site.run(FILL.format(photo=str(photo), counts=(SMALL, LARGE), **facts))


def look_at(browser: Browser, url: str) -> dict[str, float]:
    """Milliseconds of one visit, with nothing kept from an earlier one."""
    context = browser.new_context(locale="en", **WINDOW)
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.locator(".grid-placed .tile img").first.wait_for()
    page.wait_for_load_state("networkidle")
    found = page.evaluate(OPENED) | page.evaluate(SCROLLED, SCREENS)
    context.close()
    return found


def measure(site: Site, *, rounds: int) -> None:
    taken: dict = defaultdict(lambda: defaultdict(list))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        for turn in range(rounds + 1):  # in turns; the first warms the site up
            for count in (SMALL, LARGE):
                found = look_at(browser, f"{site.url}/galleries/{count}/")
                for name, milliseconds in found.items():
                    if turn:
                        taken[name][count].append(milliseconds)
        browser.close()
    for name, by_count in taken.items():
        figure(
            f"{name}, {LARGE:,} photos",
            ours=median(by_count[LARGE]),
            peer=f"{SMALL} photos",
            theirs=median(by_count[SMALL]),
            unit="ms",
            aim=AIM,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 rounds, not 15")
    rounds = 5 if parser.parse_args().quick else 15
    with production_site() as (site, folder):
        fill(site, folder)
        say(f"A phone's window, {rounds} visits each, in turns")
        measure(site, rounds=rounds)


if __name__ == "__main__":
    main()
