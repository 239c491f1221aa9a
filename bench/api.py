"""
How quickly lists and photos are answered: few and many rows, first and last page, and
beside a Django project's usual production set-up (api_peer.py) doing the same work.
"""

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

sys.path.insert(0, str(Path.cwd()))

from api_place import Client, Place, place, requests_a_second  # noqa: E402
from measuring import figure  # noqa: E402

PAGE = 100
SIGNED = ("thumbnail", "signed")
ASKED = ("thumbnail", "asked")
ORIGINAL = ("original", "asked")


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def photo_like_a_real_one(owner):
    """One photo that went through intake and drawing, for all rows to point at."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils import timezone
    from PIL import Image

    from gallery.models import Gallery, Photo
    from gallery.photo_import import accept_uploads
    from gallery.services import claim_photo, draw_photo

    buffer = io.BytesIO()
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(buffer, "JPEG", quality=85)
    gallery = Gallery.objects.create(name="One", owner=owner)
    file = SimpleUploadedFile("one.jpg", buffer.getvalue())
    now = timezone.now()
    (result,) = accept_uploads(gallery, [file], owner=owner, now=now)
    photo = claim_photo(str(result.photo.pk), worker="", redelivered=False, now=now)
    draw_photo(photo)
    return Photo.objects.get(pk=photo.pk)


def make_owner():
    from django.contrib.auth.models import Group

    from accounts.models import User

    owner = User.objects.create_user("bench@example.com", "bench-password-1")
    owner.groups.add(Group.objects.get(name="photographer"))
    return owner


def access_token(site: str) -> str:
    """Of a fresh sign-in: it lives for minutes."""
    import json
    import urllib.request

    request = urllib.request.Request(
        f"{site}/api/auth/tokens/",
        data=json.dumps(
            {"email": "bench@example.com", "password": "bench-password-1"}
        ).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["access"]


def bearer(site: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token(site)}"}


def cookie(site: str) -> dict[str, str]:
    """As the site's own pages ask for files."""
    from accounts import cookies

    return {"Cookie": f"{cookies.ACCESS}={access_token(site)}"}


def session(owner) -> dict[str, str]:
    """The peer's sign-in: a session in the database."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
    )

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(owner.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = owner.get_session_auth_hash()
    store.save()
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={store.session_key}"}


def last_page(client: Client, first: str) -> str:
    """The address of the last page, found by walking there with large ones."""
    address, before = f"{first}?limit=500", ""
    while address:
        parts = urlsplit(address)
        before = f"{parts.path}?{parts.query}"
        address = client.json(before)["next"]
    return before.replace("limit=500", f"limit={PAGE}")


def queries_of(address: str, headers: dict[str, str]) -> int:
    from django.conf import settings
    from django.db import connection
    from django.test import Client as TestClient
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS.append("testserver")
    with CaptureQueriesContext(connection) as captured:
        response = TestClient(headers=headers).get(address)
    assert response.status_code == 200, response.content[:300]
    return len(captured)


def latencies(site: str, galleries: dict[int, str], *, rounds: int) -> None:
    headers = bearer(site)
    client = Client(site, headers)
    pages = {}
    for count, slug in galleries.items():
        first = f"/api/galleries/{slug}/photos/"
        pages[count, "first"] = f"{first}?limit={PAGE}"
        pages[count, "last"] = last_page(client, first)
    client = Client(site, headers := bearer(site))
    taken: dict = {key: [] for key in pages}
    for turn in range(rounds + 10):  # in turns: what the machine does hits all alike
        for key, address in pages.items():
            seconds, _ = client.get(address)
            if turn >= 10:
                taken[key].append(seconds * 1000)
    say(f"  {'photos':>9}  {'page':5}  {'p50 ms':>7}  {'p95 ms':>7}  queries")
    for (count, which), values in taken.items():
        p95 = quantiles(values, n=20)[-1]
        queries = queries_of(pages[count, which], headers)
        say(f"  {count:9,}  {which:5}  {median(values):7.2f}  {p95:7.2f}  {queries}")
        limit = "the limit"
        figure("queries", ours=queries, peer=limit, theirs=4, unit="", aim=1.0)
    small, large = min(galleries), max(galleries)
    for name, ours, theirs, aim in (
        (f"page of {large:,}", (large, "last"), (large, "first"), 1.2),
        (f"first page of {large:,}", (large, "first"), (small, "first"), 1.3),
    ):
        figure(
            f"{name}, p50",
            ours=median(taken[ours]),
            peer=f"{theirs[1]} page of {theirs[0]:,}",
            theirs=median(taken[theirs]),
            unit="ms",
            aim=aim,
        )


def throughput(where: Place, slug: str, owner, *, seconds: int, rounds: int) -> None:
    asked = what_is_asked(where, slug, owner)
    rates: dict = {key: [] for key in asked}
    for turn in range(rounds + 1):  # the first warms up
        for key, (url, headers) in asked.items():
            rate = requests_a_second(url, headers, seconds=seconds if turn else 1)
            if turn:
                rates[key].append(rate)
    for (what, who), values in rates.items():
        say(f"  {what:16} {who:6} {median(values):9.1f} requests/s")
    for what, ours, peer, aim in (
        ("list", ("list", "ours"), ("list", "peer"), 2.0),
        ("thumbnail by its signed link", SIGNED, ("thumbnail", "peer"), 2.0),
        ("thumbnail by its signed link", SIGNED, ("thumbnail", "nginx"), 0.5),
        ("thumbnail asked of Django", ASKED, ("thumbnail", "peer"), 2.0),
        ("original asked of Django", ORIGINAL, ("original", "peer"), 2.0),
        ("original asked of Django", ORIGINAL, ("original", "nginx"), 0.5),
    ):
        name = {"peer": "the usual set-up", "nginx": "nginx, the plain file"}[peer[1]]
        figure(
            f"{what}, requests a second",
            ours=median(rates[ours]),
            peer=name,
            theirs=median(rates[peer]),
            unit="1/s",
            aim=aim,
            better="higher",
        )


def what_is_asked(where: Place, slug: str, owner) -> dict:
    """
    Addresses with their headers. *asked* is Django's to decide: it looks up the sign-in
    and the photo, nginx sends the file (X-Accel-Redirect). *signed* is nginx's alone.
    """
    mine, kept, theirs = bearer(where.ours), cookie(where.ours), session(owner)
    listed = Client(where.ours, mine).json(f"/api/galleries/{slug}/photos/?limit=1")
    photo = listed["results"][0]
    from gallery.models import Photo

    row = Photo.objects.get(pk=photo["id"])
    for file in (row.thumbnail, row.original):
        say(f"  {Path(file.name).name}: {file.size / 1000:,.0f} kB")
    files, plain = f"{where.peer}/files/{row.pk}", f"{where.peer}/plain"
    lasting = f"{where.ours}/media/photos/{row.pk}/thumbnail?download"
    return {
        ("list", "ours"): (f"{where.ours}/api/galleries/{slug}/photos/", mine),
        ("list", "peer"): (f"{where.peer}/galleries/{slug}/photos/", theirs),
        SIGNED: (f"{where.ours}{photo['thumbnail_url']}", {}),
        ASKED: (lasting, kept),
        ("thumbnail", "peer"): (f"{files}/thumbnail", theirs),
        ("thumbnail", "nginx"): (f"{plain}/{row.thumbnail.name}", {}),
        ORIGINAL: (f"{where.ours}{photo['original_url']}", kept),
        ("original", "peer"): (f"{files}/original", theirs),
        ("original", "nginx"): (f"{plain}/{row.original.name}", {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="100,000 photos and short rounds"
    )
    quick = parser.parse_args().quick
    sizes = (1_000, 100_000 if quick else 1_000_000)
    with (
        tempfile.TemporaryDirectory(prefix="socle-bench-") as folder,
        place(Path(folder)) as where,
    ):
        import django

        django.setup()
        from api_rows import make_gallery

        owner = make_owner()
        like = photo_like_a_real_one(owner)
        galleries = {}
        for count in sizes:
            gallery = make_gallery(f"{count}", owner=owner, like=like, count=count)
            galleries[count] = gallery.slug
        say("Pages of 100 photos, through nginx, one after the other")
        latencies(where.ours, galleries, rounds=100 if quick else 400)
        say("What 16 connections get answered, through one nginx")
        throughput(
            where,
            galleries[sizes[0]],
            owner,
            seconds=4 if quick else 10,
            rounds=3,
        )


if __name__ == "__main__":
    os.environ.setdefault("WEB_WORKERS", "2")
    main()
