"""Somebody with a browser, without the browser: cookies, CSRF tokens, uploads."""

import re
from dataclasses import dataclass

import requests
from waiting import wait_until

TOKEN_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
DONE = {"ready", "failed"}


@dataclass(frozen=True)
class Person:
    email: str
    password: str


def facts_of(photos: dict[str, dict]) -> dict[str, dict]:
    """What is the same later: without links, which are signed for some minutes."""
    return {
        name: {key: photo[key] for key in photo if not key.endswith("_url")}
        for name, photo in photos.items()
    }


class Visitor:
    """Talks to the site through nginx, as a page in a browser does."""

    def __init__(
        self, url: str, *, verify: bool | str = True, password_of_dev: str = ""
    ):
        self.url = url
        self.session = requests.Session()
        self.session.verify = verify
        self.session.trust_env = False
        if password_of_dev:
            self.session.auth = ("dev", password_of_dev)

    def get(self, path: str, **options) -> requests.Response:
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options) -> requests.Response:
        """Redirects are answers too: nobody follows them here."""
        options = {"timeout": 60, "allow_redirects": False} | options
        return self.session.request(method, self.url + path, **options)

    def post(self, path: str, **options) -> requests.Response:
        headers = {"X-CSRFToken": self.token(), "Referer": self.url + "/"}
        return self.request("POST", path, headers=headers, **options)

    def token(self) -> str:
        return self.session.cookies.get("csrftoken", default="")

    def sign_in(self, person: Person) -> None:
        page = self.get("/sign-in/")
        assert page.status_code == 200, (
            f"/sign-in/: {page.status_code} {page.text[:300]}"
        )
        field = TOKEN_FIELD.search(page.text)
        assert field, f"/sign-in/ has no CSRF token: {page.text[:500]}"
        form = {"username": person.email, "password": person.password}
        answer = self.request(
            "POST",
            "/sign-in/",
            data=form | {"csrfmiddlewaretoken": field[1]},
            headers={"Referer": self.url + "/sign-in/"},
        )
        assert answer.status_code == 302, (
            f"{person.email} is not let in: {answer.status_code} {answer.text[:500]}"
        )

    def create_gallery(self, name: str) -> str:
        """Through the page's form. Returns the slug."""
        answer = self.post(
            "/galleries/new/", data={"name": name, "visibility": "members"}
        )
        assert answer.status_code == 302, f"{answer.status_code} {answer.text[:500]}"
        return answer.headers["Location"].strip("/").split("/")[-1]

    def upload(self, slug: str, files: dict[str, bytes], **options) -> dict[str, dict]:
        """Results by name: of one request, whether the files are good or not."""
        answer = self.post(
            f"/api/galleries/{slug}/photos/",
            files=[("files", (name, content)) for name, content in files.items()],
            **options,
        )
        assert answer.status_code in {200, 201, 400}, (
            f"{answer.status_code} {answer.text[:500]}"
        )
        return {result["name"]: result for result in answer.json()["results"]}

    def photos(self, slug: str) -> dict[str, dict]:
        answer = self.get(f"/api/galleries/{slug}/photos/")
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
        return {photo["name"]: photo for photo in answer.json()["results"]}

    def finished_photos(self, slug: str, *, within: float = 60) -> dict[str, dict]:
        """Every photo of the gallery, once the worker is done with all."""

        def finished():
            photos = self.photos(slug)
            states = {name: photo["state"] for name, photo in photos.items()}
            assert states, "the gallery is empty"
            assert set(states.values()) <= DONE, f"unfinished: {states}"
            return photos

        return wait_until(
            finished, within=within, what="every photo is ready or failed"
        )

    def ready_photos(self, slug: str, *, within: float = 60) -> dict[str, dict]:
        photos = self.finished_photos(slug, within=within)
        failed = {name: one["error"] for name, one in photos.items() if one["error"]}
        assert not failed, f"these photos failed: {failed}"
        return photos

    def bytes_of(self, path: str) -> bytes:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.content
