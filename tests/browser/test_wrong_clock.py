"""A browser whose clock is an hour wrong, either way: what a page does all the same."""

import pytest
from landscapes import landscape
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHIFTED = """
(() => {
  const Real = Date;
  const now = () => Real.now() + %(hours)s * 3600 * 1000;
  class Shifted extends Real {
    constructor(...given) { super(...(given.length ? given : [now()])); }
    static now() { return now(); }
  }
  globalThis.Date = Shifted;
})();
"""


@pytest.mark.parametrize("hours", [-1, 1])
def test_signing_in_uploading_and_looking(open_visitor, site, hours):
    visitor = open_visitor()
    page = visitor.page
    page.context.add_init_script(SHIFTED % {"hours": hours})
    visitor.sign_in(site.photographer)
    wrong_by = page.evaluate("Date.now()") / 3.6e6 - server_hours(page)
    assert round(wrong_by) == hours

    visitor.make_gallery(f"By a clock {hours} h wrong")
    visitor.upload({"lake.jpg": landscape(3)})
    expect(visitor.tiles("ready")).to_have_count(1)
    assert (
        visitor.tiles("ready").locator("img").evaluate("image => image.decode()")
        is None
    )

    cookies = {one["name"]: one for one in page.context.cookies()}
    page.context.clear_cookies(name="access")  # as when its ten minutes are over
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    after = {one["name"]: one for one in page.context.cookies()}
    assert after["refresh"]["value"] != cookies["refresh"]["value"]


def server_hours(page):
    """The server's clock, in hours since 1970."""
    return (
        page.evaluate(
            "async () => Date.parse((await fetch('/health/live')).headers.get('Date'))"
        )
        / 3.6e6
    )
