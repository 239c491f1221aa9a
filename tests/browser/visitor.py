"""Somebody in front of a browser: what they do and what they see."""

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from running_site import Person, Site

PHONE = {
    "viewport": {"width": 375, "height": 812},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PATIENCE_MS = 30_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)
LAYOUT_SHIFT = """() => new Promise((resolve) => {
  const shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      const moved = sources.map(({ node }) => node?.className ?? node?.nodeName);
      shifts.push([value, String(moved)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(shifts), 300);
})"""


@dataclass
class Visitor:
    page: Page
    site: Site
    artefacts: Path
    errors: list[str] = field(default_factory=list)
    # Parts of messages that a test causes on purpose.
    expected_errors: list[str] = field(default_factory=list)

    @classmethod
    def arrive(
        cls, browser: Browser, site: Site, *, artefacts: Path, **options
    ) -> "Visitor":
        context = browser.new_context(
            base_url=site.url, **({"locale": "en"} | DESKTOP | options)
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        visitor = cls(page, site, artefacts)
        page.on("console", lambda message: visitor.note(message.type, message.text))
        page.on("pageerror", lambda error: visitor.note("error", str(error)))
        return visitor

    def note(self, kind: str, text: str) -> None:
        expected = any(part in text for part in self.expected_errors)
        if kind in {"error", "warning"} and not expected:
            self.errors.append(text)

    def sign_in(self, person: Person) -> None:
        self.page.goto("/sign-in/")
        self.page.get_by_label("E-mail address").fill(person.email)
        self.page.get_by_label("Password").fill(person.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Galleries").wait_for()

    def make_gallery(
        self, name: str, description: str = "", *, visibility: str = "members"
    ) -> None:
        self.page.goto("/galleries/new/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Description").fill(description)
        self.page.get_by_label("Visibility").select_option(visibility)
        self.page.get_by_role("button", name="Make gallery").click()
        self.page.get_by_role("heading", name=name).wait_for()

    def upload(self, files: dict[str, bytes]) -> None:
        payloads = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files.items()
        ]
        chooser = self.page.get_by_label("Choose files")
        expect(chooser).to_be_enabled()  # its script is there
        chooser.set_input_files(payloads)

    def row(self, name: str) -> Locator:
        """The line of the upload list about the file `name`."""
        return self.page.locator(f'.row[data-name="{name}"]')

    def tiles(self, state: str) -> Locator:
        return self.page.locator(f'.tile[data-state="{state}"]')

    def expect_ready(self, count: int) -> None:
        expect(self.tiles("ready")).to_have_count(count, timeout=60_000)

    def expect_no_sideways_scroll(self) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, self.page.url

    def expect_accessible(self) -> None:
        """axe-core finds nothing, not even what it calls minor."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, (
            f"{self.page.url}\n{found.generate_report()}"
        )

    def layout_shift(self) -> float:
        """What moved without having been touched: the sum since the page was loaded."""
        shifts = self.page.evaluate(LAYOUT_SHIFT)
        for value, moved in shifts:
            print(f"{self.page.url}: {value:.4f} by {moved}")  # noqa: T201
        return sum(value for value, _moved in shifts)

    def screenshot(self, name: str, *, full_page: bool = True) -> None:
        self.page.evaluate("document.fonts.ready")
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(
            path=self.artefacts / f"{name}.png",
            full_page=full_page,
            animations="disabled",
        )
