import re

import pytest

from socle.core.content_policy import content_policy, media_hosts

PAGES = [
    "/",
    "/sign-in/",
    "/password-reset/",
    "/account/",
    "/invitations/",
    "/galleries/new/",
    "/operations/",
    "/no-such-page/",
    "/galleries/no-such/",
    "/admin/",
    "/api/galleries/",
    "/api/no-such/",
    "/health/live",
]


@pytest.fixture
def admin(client, django_user_model):
    user = django_user_model.objects.create_superuser("root@example.com", "x" * 12)
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("url", PAGES)
def test_every_page_has_its_policy_and_needs_no_wider_one(admin, url):
    response = admin.get(url)
    policy = response.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert "frame-ancestors 'none'" in policy


@pytest.mark.django_db
def test_without_a_session_it_is_the_same(client):
    for url in ("/", "/sign-in/", "/no-such-page/"):
        assert "unsafe" not in client.get(url).headers["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/sign-in/", "/account/", "/galleries/new/"])
def test_no_page_of_ours_has_inline_scripts_styles_or_strangers(admin, url):
    page = admin.get(url).content.decode()

    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page)
    assert not re.search(
        r"<style(?! nonce)|<script(?![^>]*(src|application/json))", page
    )
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", page)


@pytest.mark.django_db
def test_swagger_alone_may_style_itself(admin):
    response = admin.get("/api/docs/")
    policy = response.headers["Content-Security-Policy"]

    assert response.status_code == 200
    assert "'unsafe-inline'" in re.search(r"style-src[^;]*", policy)[0]
    assert re.search(r"script-src 'self'(;|$)", policy)


@pytest.mark.parametrize(
    ("url", "endpoint", "hosts"),
    [
        ("", "", []),
        ("gs://photos/site", "", ["https://storage.googleapis.com"]),
        ("s3://photos/site", "", ["https://*.amazonaws.com"]),
        (
            "s3://photos/site",
            "https://s3.club.org:9000/x",
            ["https://s3.club.org:9000"],
        ),
    ],
)
def test_photos_may_come_from_the_bucket(url, endpoint, hosts):
    found = media_hosts(url, endpoint=endpoint)

    assert found == hosts
    policy = content_policy(media_hosts=found)["DIRECTIVES"]
    assert policy["img-src"] == ["'self'", "data:", "blob:", *hosts]
