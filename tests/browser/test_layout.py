import pytest
from bad_files import truncated_jpeg
from landscapes import landscape

pytestmark = pytest.mark.browser
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 1500);
})"""


@pytest.fixture
def summer(photographer):
    photographer.make_gallery(
        "Autumn in the mountains", "Four days from hut to hut, in every kind of light."
    )
    photographer.upload({f"DSC_{4100 + n}.jpg": landscape(n) for n in range(11)})
    photographer.expect_ready(11)
    return photographer


def test_nothing_jumps_while_the_photos_load(summer):
    summer.page.reload()
    summer.expect_ready(11)
    assert summer.page.evaluate(SHIFTS) < 0.01


def test_light_and_dark_are_drawn(summer, site, open_visitor):
    page = summer.page
    page.reload()
    summer.expect_ready(11)
    summer.screenshot("gallery-desktop")
    summer.upload({"DSC_4111.jpg": landscape(11), "DSC_4100.jpg": landscape(0)})
    summer.upload(
        {"from-my-phone.jpg": truncated_jpeg(), "DSC_4112.jpg": landscape(13)}
    )
    summer.expect_ready(13)
    summer.screenshot("gallery-upload-desktop")
    page.emulate_media(color_scheme="dark")
    summer.screenshot("gallery-dark-desktop")
    page.goto("/")
    summer.screenshot("list-dark-desktop")
    page.emulate_media(color_scheme="light")
    summer.screenshot("list-desktop")
    page.goto("/galleries/new/")
    summer.screenshot("new-gallery-desktop")
    admin = open_visitor(site.admin, viewport={"width": 375, "height": 812})
    admin.screenshot("list-admin-phone")
    admin.page.goto("/admin/")
    admin.screenshot("admin-phone")
