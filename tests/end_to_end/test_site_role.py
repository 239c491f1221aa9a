"""The site's role in the database: no superuser, and older installations get it."""

import json

import pytest
from photos import jpeg
from test_backups import storage

ASK = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute({statement!r})
    print(cursor.fetchall())
"""
HOSTILE = [
    "CREATE ROLE intruder",
    "SELECT rolpassword FROM pg_authid",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "CREATE DATABASE elsewhere",
    "SELECT pg_read_file('PG_VERSION')",
    "CREATE TABLE mine (id int)",
]
SITE = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"


def ask(stack, statement, *, service="web", check=True):
    code = ASK.format(statement=statement)
    return stack.inside(
        service, "python", "manage.py", "shell", "-v", "0", "-c", code, check=check
    )


@pytest.mark.parametrize("service", ["web", "worker"])
@pytest.mark.parametrize("statement", HOSTILE)
def test_what_visitors_reach_may_only_change_rows(stack, service, statement):
    assert "('socle_site', False)" in ask(stack, SITE, service=service)

    with pytest.raises(AssertionError, match="permission denied"):
        ask(stack, statement, service=service)


def test_what_visitors_reach_does_not_know_the_owners_password(stack):
    password = stack.value("POSTGRES_PASSWORD")
    for service in ("web", "worker"):
        environment = stack.container(service)["Config"]["Env"]
        assert not [line for line in environment if password in line]


def test_an_installation_of_before_gets_it_and_undoes_to_before(stack, admin, gallery):
    admin.upload(gallery, {"before.jpg": jpeg(seed=91)})
    admin.ready_photos(gallery)
    make_older(stack)
    assert "('socle', True)" in ask(stack, SITE)
    assert "./install_docker.sh gives the site a role" in stack.logs("migrate")
    storage(stack, "-b")
    older = json.loads(storage(stack, "-l", "--json").stdout)[0]["url"]

    stack.install()

    assert "('socle_site', False)" in ask(stack, SITE)
    admin.upload(gallery, {"after.jpg": jpeg(seed=92)})
    assert set(admin.ready_photos(gallery)) == {"before.jpg", "after.jpg"}
    storage(stack, "-r", older, "--yes")
    stack.wait_until_ready()
    assert set(admin.ready_photos(gallery)) == {"before.jpg"}
    storage(stack, "-u", "--yes")
    stack.wait_until_ready()
    assert set(admin.ready_photos(gallery)) == {"before.jpg", "after.jpg"}


def make_older(stack) -> None:
    """As before there was such a role: neither in .env nor in the database."""
    file = stack.folder / ".env"
    lines = file.read_text().splitlines()
    older = [line for line in lines if not line.startswith("POSTGRES_SITE_")]
    file.write_text("\n".join(older) + "\n")
    stack.compose("stop", "web", "worker")
    stack.sql("DROP OWNED BY socle_site CASCADE")
    stack.inside(
        "postgres",
        *("psql", "-U", "socle", "-d", "postgres", "-c"),
        "DROP OWNED BY socle_site; DROP ROLE socle_site",
    )
    stack.compose("up", "--detach", "--wait", timeout=240)
    stack.wait_until_ready()
