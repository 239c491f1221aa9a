"""./install_docker.sh dev and prod: what they ask for, and where passwords are kept."""

import os
import pty
import subprocess

import pytest
from docker_project import FOR_A_SERVER, WELL

SECRETS = "secrets/values"
GENERATED = {"secret_key", "postgres_password", "redis_password", "media_link_key"}
GENERATED |= {"dev_password", "grafana_password", "postgres_site_password"}
AGE_KEY = "AGE-SECRET-KEY-1" + "Q" * 57  # and one more letter
OPTIONAL = {"email_url", "backup_encryption_key", "aws_secret_access_key"}


def secrets_of(project) -> dict[str, str]:
    folder = project.root / SECRETS
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_prod_takes_what_it_needs_from_its_options(project):
    project.install("prod", *FOR_A_SERVER)

    expected = {
        "ENVIRONMENT": "prod",
        "COMPOSE_FILE": "prod.yml",
        "SITE_URL": "https://photos.example.org",
        "ALLOWED_HOSTS": "photos.example.org",
        "ADMIN_EMAIL": "ops@example.org",
        "ACME_EMAIL": "ops@example.org",
        "BACKUP_STORAGE_URL": "gs://photos-backups",
        "HTTPS_PORT": "443",
        "PUBLISH_ON": "",
    }
    assert expected.items() <= project.values().items()


def test_the_environment_will_do_as_well(project):
    given = {"DOMAIN": "photos.example.org", "ADMIN_EMAIL": "ops@example.org"}

    project.install("prod", BACKUP_STORAGE_URL="gs://photos-backups", **given)

    assert project.values()["SITE_URL"] == "https://photos.example.org"


def test_another_port_is_a_part_of_the_address(project):
    project.install("prod", *FOR_A_SERVER, HTTPS_PORT="8444")

    assert project.values()["SITE_URL"] == "https://photos.example.org:8444"
    assert project.values()["ALLOWED_HOSTS"] == "photos.example.org"


def test_behind_a_proxy_it_publishes_on_this_machine_alone(project):
    said = project.install("prod", *FOR_A_SERVER, "--behind-proxy", HTTPS_PORT="8444")

    values = project.values()
    assert (values["BEHIND_PROXY"], values["PUBLISH_ON"]) == ("1", "127.0.0.1")
    assert values["SITE_URL"] == "https://photos.example.org", "the proxy's port"
    assert f"hands on to 127.0.0.1:{project.port}" in said


def take_ports(project, *ports: int) -> None:
    """As if other programs listened on these, and on no other port."""
    taken = f" {' '.join(map(str, ports))} "
    with (project.root / "scripts/docker.sh").open("a") as script:
        script.write(f'port_is_taken() {{ [[ "{taken}" == *" $1 "* ]]; }}\n')


BEHIND_PROXY = {
    "BEHIND_PROXY": "1",
    "PUBLISH_ON": "127.0.0.1",
    "HTTP_PORT": "8081",
    "HTTPS_PORT": "8444",
    "SITE_URL": "https://photos.example.org",
}


def test_behind_a_proxy_that_has_80_and_443_it_takes_other_ports(project):
    take_ports(project, 80, 443)

    said = project.install("prod", *FOR_A_SERVER, "--behind-proxy", HTTP_PORT="")

    assert BEHIND_PROXY.items() <= project.values().items()
    assert "hands on to 127.0.0.1:8081" in said


def test_80_taken_by_a_web_server_tells_of_the_way_behind_it(project):
    take_ports(project, 80, 443)

    said = project.refuse("prod", *FOR_A_SERVER, HTTP_PORT="")

    assert "Port 80 is taken by another program." in said
    assert "./install_docker.sh prod --behind-proxy" in said


@pytest.mark.parametrize(
    ("taken", "choice"), [(8081, "HTTP_PORT=8082"), (8444, "HTTPS_PORT=8445")]
)
def test_a_port_taken_behind_a_proxy_leaves_the_address_alone(project, taken, choice):
    take_ports(project, 80, 443, taken)
    options = ["prod", *FOR_A_SERVER, "--behind-proxy"]

    said = project.refuse(*options, HTTP_PORT="")

    assert f"{choice} in .env or before this command" in said
    assert "SITE_URL stays as it is" in said
    name, port = choice.split("=")
    project.install(*options, **{"HTTP_PORT": "", name: port})
    assert project.values()[name] == port


def test_a_site_that_runs_can_go_behind_a_proxy(project):
    take_ports(project)
    project.install("prod", *FOR_A_SERVER, HTTP_PORT="80")
    take_ports(project, 80, 443)

    project.install("prod", "--behind-proxy")

    assert BEHIND_PROXY.items() <= project.values().items()


def test_behind_a_proxy_chosen_addresses_and_ports_are_kept(project):
    chosen = {"PUBLISH_ON": "10.0.3.4", "HTTP_PORT": "80", "HTTPS_PORT": "443"}
    take_ports(project)
    project.install("prod", *FOR_A_SERVER, **chosen)

    project.install("prod", "--behind-proxy")

    assert (chosen | {"BEHIND_PROXY": "1"}).items() <= project.values().items()


@pytest.mark.parametrize("left_out", ["--domain", "--email", "--bucket"])
def test_what_is_missing_is_named_before_anything_is_done(project, left_out):
    options = list(FOR_A_SERVER)
    place = options.index(left_out)
    del options[place : place + 2]

    said = project.refuse("prod", *options)

    assert f"A first ./install_docker.sh prod needs {left_out}." in said
    assert "--domain photos.example.com --email you@example.com --bucket gs:" in said


@pytest.mark.parametrize(
    ("option", "value", "cause"),
    [
        ("--domain", "http://photos.example.org", "is no name of a site"),
        ("--domain", "photos example", "is no name of a site"),
        ("--email", "nobody", "is no e-mail address"),
        ("--bucket", "photos-backups", "is no place for backups"),
    ],
)
def test_what_cannot_be_right_is_refused(project, option, value, cause):
    options = list(FOR_A_SERVER)
    options[options.index(option) + 1] = value

    said = project.refuse("prod", *options)

    assert f"'{value}' {cause}" in said


@pytest.mark.parametrize(
    "options", [["--domain"], ["--email", "--bucket"], ["--port", "3"], ["dev", "x"]]
)
def test_wrong_usage_changes_nothing(project, options):
    before = project.state()

    done = project.run("prod", *options)

    assert done.returncode == 2, done.stderr
    assert "Usage: " in done.stderr
    assert project.state() == before


def test_at_a_terminal_it_asks(project):
    """With a terminal as standard input, as a person has it."""
    ours, its = pty.openpty()
    os.write(ours, b"photos.example.org\nops@example.org\ngs://photos-backups\n")

    done = project.run("prod", stdin=its)

    os.close(its)
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert project.values()["SITE_URL"] == "https://photos.example.org"
    assert project.values()["BACKUP_STORAGE_URL"] == "gs://photos-backups"


def test_passwords_are_files_and_not_in_env(project):
    project.install("prod", *FOR_A_SERVER)

    made = secrets_of(project)
    assert set(made) == GENERATED | OPTIONAL
    assert all(len(made[name]) == 40 for name in GENERATED)
    assert {made[name] for name in OPTIONAL} == {""}
    in_env = project.values()
    assert [name for name in made if in_env[name.upper()]] == []
    for value in filter(None, made.values()):
        assert value not in project.env.read_text()


def test_the_containers_users_can_read_them_and_others_here_cannot(project):
    project.install("prod", *FOR_A_SERVER)

    folder = project.root / SECRETS
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}


def test_a_second_run_keeps_them(project):
    project.install("prod", *FOR_A_SERVER)
    before = secrets_of(project)

    project.install("prod")

    assert secrets_of(project) == before


def test_an_older_env_gives_its_passwords_to_the_files(project):
    project.install("prod", *FOR_A_SERVER)
    (project.root / SECRETS / "postgres_password").unlink()
    project.change(POSTGRES_PASSWORD="kept-since-then", COMPOSE_FILE="prod.yml")

    project.install("prod")

    assert secrets_of(project)["postgres_password"] == "kept-since-then"
    assert project.values()["POSTGRES_PASSWORD"] == ""


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("BACKUP_ENCRYPTION_KEY", f"{AGE_KEY}8,{AGE_KEY}9", f"{AGE_KEY}9"),
        ("EMAIL_URL", "smtp://new.example.org", "smtp://old.example.org"),
    ],
)
def test_a_secret_typed_into_env_is_not_lost(project, name, typed, kept):
    project.install("prod", *FOR_A_SERVER, **{name: kept})
    project.change(**{name: typed})

    said = project.refuse_again("prod")

    file = f"{SECRETS}/{name.lower()}"
    assert f"{name} has one value in .env and another in {file}." in said
    assert said.count("./install_docker.sh prod") == 1
    assert not [value for value in (typed, kept) if value in said]


def test_a_secret_in_two_places_with_one_value_has_one_place_again(project):
    project.install("prod", *FOR_A_SERVER, EMAIL_URL="smtp://mail.example.org")
    project.change(EMAIL_URL="smtp://mail.example.org")

    project.install("prod")

    assert project.values()["EMAIL_URL"] == ""
    assert secrets_of(project)["email_url"] == "smtp://mail.example.org"


def test_a_changed_secret_makes_containers_anew(project):
    project.install("prod", *FOR_A_SERVER)
    before = project.values()["SECRETS_REVISION"]
    project.install("prod")
    assert project.values()["SECRETS_REVISION"] == before

    (project.root / SECRETS / "email_url").write_text("smtp://mail.example.org")
    project.install("prod")

    assert project.values()["SECRETS_REVISION"] != before
    assert secrets_of(project)["email_url"] == "smtp://mail.example.org"


def test_a_secret_may_come_from_the_environment(project):
    url = "smtp+tls://me:p%40ss@mail.example.org:587"

    said = project.install("prod", *FOR_A_SERVER, EMAIL_URL=url)

    assert secrets_of(project)["email_url"] == url
    assert url not in said


def test_a_key_of_before_goes_on_working_where_containers_see_it(project):
    """It once lay beside the passwords, which were mounted with it."""
    project.install("prod", *FOR_A_SERVER)
    old = project.root / "secrets/google-key.json"
    old.write_text("{}")
    project.change(GOOGLE_APPLICATION_CREDENTIALS="/secrets/google-key.json")

    said = project.install("prod")

    new = project.root / "secrets/keys/google-key.json"
    assert new.read_text() == old.read_text() == "{}"
    assert not new.is_symlink()
    assert "is now secrets/keys/google-key.json" in said
    key = "GOOGLE_APPLICATION_CREDENTIALS"
    assert project.values()[key] == "/secrets/google-key.json", "as containers see it"
    assert "is now" not in project.install("prod")


def test_local_keeps_its_passwords_in_env(project):
    project.install()

    assert not (project.root / SECRETS).exists()
    assert len(project.values()["SECRET_KEY"]) == 40
    assert project.values()["DEV_PASSWORD"] == ""


def test_another_stages_env_is_not_taken(project):
    project.install()

    said = project.refuse_again("prod", *FOR_A_SERVER)

    assert "The .env in this folder is that of LOCAL, not of PROD." in said
    assert "clone the repository once more for prod" in said


def test_a_bucket_that_refuses_is_told_and_ends_nothing(project):
    project.docker(storage="403 Forbidden", status=1)

    said = project.install("prod", *FOR_A_SERVER)

    assert "Backups do not work yet: gs://photos-backups refused." in said
    assert "./google_storage.sh -a key.json" in said
    assert "The site is at https://photos.example.org" in said


def test_a_certificate_that_does_not_come_stops_nothing(project):
    waiting = "certbot|running|unhealthy|0|socle-prod-certbot-1\n"
    project.docker(containers=WELL + waiting)

    said = project.install("prod", *FOR_A_SERVER)

    assert [call for call in project.calls if "create_admin" in call]
    assert "docker compose logs certbot" in said


def test_devs_password_is_shown(project):
    said = project.install("dev", *FOR_A_SERVER)

    assert f"user dev, password {secrets_of(project)['dev_password']}" in said


def test_images_carry_the_revision_they_are_built_from(project):
    subprocess.run(["git", "init", "-q", project.root], check=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    empty = ["commit", "-q", "--allow-empty", "-m", "one"]
    subprocess.run(["git", "-C", project.root, *who, *empty], check=True)
    head = ["git", "-C", project.root, "rev-parse", "HEAD"]
    revision = subprocess.run(head, capture_output=True, text=True, check=True).stdout

    project.install("prod", *FOR_A_SERVER)

    assert (project.answers / "revision").read_text() == revision
