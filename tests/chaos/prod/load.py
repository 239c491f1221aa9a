"""A steady load: people who look at pages, list, load photos and upload."""

import itertools
import random
import threading
import time
from collections.abc import Callable

import requests
from measures import API, PAGE, PHOTO, Answer
from requests.cookies import RequestsCookieJar
from tus import Photos, Sent, Uploader

# A request every so many seconds, from so many people each.
PACE = {PAGE: (2.0, 2), API: (2.0, 2), PHOTO: (1.5, 2)}
UPLOAD_PACE = (4.0, 2)
GIVES_UP_AFTER_SECONDS = 30  # a person would, too
UPLOAD_PATIENCE_SECONDS = 120
AT_MOST_SECONDS = 480


class Load:
    """
    Runs from `start` to `stop`, and never longer than AT_MOST_SECONDS.

    cookies: of somebody who is signed in and may upload into the gallery `slug`; all
    people of the load share them, as the tabs of one browser do.
    """

    def __init__(self, url: str, cookies: RequestsCookieJar, *, slug: str):
        self.url = url
        self.slug = slug
        self._cookies = cookies
        self._links: list[str] = []
        self._own = threading.local()
        self._ends = threading.Event()
        self._threads: list[threading.Thread] = []
        self.answers: list[Answer] = []
        self._uploader = Uploader(
            self.ask, slug, photos=Photos(), patience_seconds=UPLOAD_PATIENCE_SECONDS
        )

    @property
    def has_stopped(self) -> bool:
        return self._ends.is_set()

    @property
    def sent(self) -> list[Sent]:
        return list(self._uploader.sent)

    def forget(self) -> None:
        """What was answered so far; uploads stay."""
        self.answers.clear()

    def accepted(self) -> list[Sent]:
        return [one for one in self.sent if one.is_accepted]

    def start(self) -> None:
        works = {PAGE: self._look, API: self._list, PHOTO: self._load_photo}
        for kind, (seconds, people) in PACE.items():
            self._let_people(works[kind], seconds=seconds, people=people)
        seconds, people = UPLOAD_PACE
        self._let_people(self._uploader.send_one, seconds=seconds, people=people)

    def stop(self) -> None:
        """Whoever is in the middle of an upload ends it."""
        self._ends.set()
        for thread in self._threads:
            thread.join(timeout=UPLOAD_PATIENCE_SECONDS + GIVES_UP_AFTER_SECONDS)
            assert not thread.is_alive(), "a visitor of the load hangs"

    def ask(self, kind: str, method: str, path: str, **options):
        """One request, noted. None when no answer came."""
        began = time.monotonic()
        try:
            answer = self.attempt(method, path, **options)
        except requests.RequestException as error:
            self._note(kind, began, 0, f"{type(error).__name__}: {error}")
            return None
        if method != "HEAD" or not answer.ok:  # being told an offset moves no byte
            words = "" if answer.ok else answer.text[:300]
            self._note(kind, began, answer.status_code, words)
        return answer

    @property
    def headers(self) -> dict[str, str]:
        """Of somebody who is signed in."""
        token = self._cookies.get("csrftoken", default="")
        return {"X-CSRFToken": token, "Referer": self.url + "/"}

    @property
    def cookies(self) -> str:
        """As they stand in a request's header."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def attempt(self, method: str, path: str, **options) -> requests.Response:
        """A request of a test's own, which counts for nothing."""
        options = {
            "timeout": GIVES_UP_AFTER_SECONDS,
            "allow_redirects": False,
        } | options
        return self._session().request(method, self.url + path, **options)

    # --- What people do --------------------------------------------------------

    def _look(self) -> None:
        self.ask(PAGE, "GET", f"/galleries/{self.slug}/")

    def _list(self) -> None:
        answer = self.ask(API, "GET", f"/api/galleries/{self.slug}/photos/")
        if answer is None or answer.status_code != 200:
            return
        ready = [one for one in answer.json()["results"] if one["state"] == "ready"]
        self._links = [one["thumbnail_url"] for one in ready]
        self._links += [one["original_url"] for one in ready]

    def _load_photo(self) -> None:
        """A thumbnail, which nginx sends alone, or an original, which Django allows."""
        if self._links:
            self.ask(PHOTO, "GET", random.choice(self._links))  # noqa: S311

    # --- How -------------------------------------------------------------------

    def _let_people(self, work: Callable, *, seconds: float, people: int) -> None:
        for number in range(people):
            delay = seconds * number / people
            thread = threading.Thread(
                target=self._keep_doing, args=(work, seconds, delay), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _keep_doing(self, work: Callable, seconds: float, delay: float) -> None:
        began = time.monotonic() + delay
        for number in itertools.count():
            next_at = began + number * seconds
            now = time.monotonic()
            if now - next_at > seconds:  # slow answers are not made up for in a rush
                began += now - next_at
            if self._ends.wait(max(0, next_at - now)) or now - began > AT_MOST_SECONDS:
                return
            work()

    def _session(self) -> requests.Session:
        """Of this thread: each person has connections of their own."""
        if not hasattr(self._own, "session"):
            session = requests.Session()
            session.verify = False  # nginx' own certificate, or an expired one
            session.trust_env = False
            session.cookies = self._cookies
            session.headers.update(self.headers)
            self._own.session = session
        return self._own.session

    def _note(self, kind: str, began: float, status: int, words: str) -> None:
        seconds = time.monotonic() - began
        self.answers.append(Answer(kind, began, seconds, status, words))
