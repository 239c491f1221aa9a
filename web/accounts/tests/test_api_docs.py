"""Who may read the API's description: those who run the site, and nobody else."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.services import fill_groups

PATHS = ["/api/docs/", "/api/schema/"]
pytestmark = pytest.mark.django_db


def person(role="", **options):
    user = User.objects.create_user("somebody@example.com", "a-password", **options)
    fill_groups()
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("role", "options", "status"),
    [
        ("", {}, 403),
        ("member", {}, 403),
        ("photographer", {}, 403),
        ("operator", {}, 200),
        ("", {"is_staff": True}, 200),
        ("", {"is_superuser": True}, 200),
    ],
)
def test_operators_and_staff_read_it(client, path, role, options, status):
    client.force_login(person(role, **options))

    assert client.get(path).status_code == status
    offered = 'href="/api/docs/"' in client.get("/").content.decode()
    assert offered is (status == 200)


def test_strangers_are_sent_to_sign_in(client):
    page = client.get("/api/docs/")

    assert (page.status_code, page.url) == (302, "/sign-in/?next=/api/docs/")
    assert client.get("/api/schema/").status_code == 401
