"""Somebody who follows every link of every page, and notes what goes wrong."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from playwright.sync_api import Dialog, Error, Response
from visitor import Visitor

MOST_ALIKE = 2  # pages that differ in an id, or in a query, alone
LINKS = "links => links.filter(one => one.checkVisibility()).map(one => one.href)"
# In a browser these start a download, or show a file by itself: they are asked for.
FILES = re.compile(r"/(?:media|downloads)/|/download/$|/api/schema/")
IDS = re.compile(
    r"(?<=/media/)\d+/[\w-]+/photos/\w\w(?=/)"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|(?<=/)\d+(?=/)"
)


@dataclass
class Links:
    """Which were not followed yet, nor others that are like them."""

    _known: set[str] = field(default_factory=set)
    _alike: Counter = field(default_factory=Counter)

    def is_new(self, link: str) -> bool:
        if link in self._known:
            return False
        self._known.add(link)
        form = IDS.sub("ID", urlsplit(link).path)
        self._alike[form] += 1
        return self._alike[form] <= MOST_ALIKE


@dataclass
class Crawl:
    """What acts is a form everywhere: whoever follows all links changes nothing."""

    visitor: Visitor
    opened: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _links: Links = field(default_factory=Links)

    def __post_init__(self) -> None:
        self.visitor.page.on("response", self._judge)
        self.visitor.page.on("dialog", self._dismiss)

    def follow(self, start: str) -> None:
        own = f"{self.visitor.site.url}/"
        waiting = deque([start])
        while waiting:
            address = waiting.popleft()
            if address.startswith(own) and self._links.is_new(address):
                waiting.extend(self.open(address))

    def open(self, address: str) -> list[str]:
        """The links of the page, once it has all that it asks for; none of a file."""
        self.opened.append(address)
        page = self.visitor.page
        if FILES.search(address):
            answer = page.request.get(address)
            if not answer.ok:
                self.faults.append(f"{address}: {answer.status}")
            return []
        try:
            page.goto(address, wait_until="networkidle")
        except Error as error:
            self.faults.append(f"{address}: {error.message}")
            return []
        links = page.eval_on_selector_all("a[href]", LINKS)
        return [urldefrag(link).url for link in links]

    def _judge(self, response: Response) -> None:
        if response.status >= 400:
            said = f"{response.request.method} {response.url}: {response.status}"
            self.faults.append(f"{said}, on {self.visitor.page.url}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.faults.append(f"{self.visitor.page.url} says: {dialog.message}")
        dialog.dismiss()
