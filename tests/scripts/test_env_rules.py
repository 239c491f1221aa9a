"""Each variable of .env.example has a rule, and both readers of the rules agree."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from docker_project import FOR_A_SERVER

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = (REPOSITORY / ".env.example").read_text()
VARIABLES = re.findall(r"^([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
AGE_KEY = "AGE-SECRET-KEY-1" + "Q" * 58

# Values that look right and are wrong, without a sign that Compose would change:
# the rule alone refuses it.
WRONG: dict[str, tuple[str, ...]] = {
    "PROJECT_NAME": ("Photos", "-photos", "photos.org"),
    "SITE_NAME": ("Sea/photos", "<b>Photos", "Photos&Films", "Our photos", "a{b}"),
    "ENVIRONMENT": ("production", "PROD"),
    "COMPOSE_FILE": ("docker-compose", "prod.yml,dev.yml"),
    "SECRETS_REVISION": ("x",),
    "ALLOWED_HOSTS": ("https://photos.example.com", "localhost:8080", "/"),
    "SITE_URL": ("photos.example.com", "ftp://photos.example.com", "https://x.org/a"),
    "HTTP_PORT": ("http", "0", "65536", "80.5", "-1", "127.0.0.1:80", "99999999999999"),
    "HTTPS_PORT": ("https", "70000"),
    "PUBLISH_ON": ("localhost", "10.0.0.256", "10.0.0", "10.0.0.0/8"),
    "BEHIND_PROXY": ("yes", "2", "true"),
    "TRUSTED_PROXIES": ("nginx", "10.0.0.0/33", "10.0.0.1,front"),
    "REQUESTS_PER_SECOND": ("20r/s", "-1"),
    "REQUESTS_IN_FLIGHT": ("0", "many"),
    "ACME_EMAIL": ("ops", "ops@example", "@example.com"),
    "ACME_SERVER": ("letsencrypt", "acme.example.com/dir"),
    "DEV_PASSWORD": ("changeme",),
    "GRAFANA_PASSWORD": ("password",),
    "GRAFANA_PORT": ("x",),
    "IMAGE_TAG": ("-1", "a:b", "a/b"),
    "TIME_ZONE": ("US/Estern", "europe/paris", "GMT+1", "../../etc/passwd"),
    "SECRET_KEY": ("change-me", "Secret"),
    "ADMIN_EMAIL": ("admin", "admin@", "a@b@example.com"),
    "POSTGRES_VERSION": ("17.2", "9", "seventeen"),
    "POSTGRES_HOST": ("postgres://db", "db/x"),
    "POSTGRES_PORT": ("0", "postgres"),
    "POSTGRES_DB": ("1photos", "my.photos", "x" * 64),
    "POSTGRES_USER": ("my.user", "-x"),
    "POSTGRES_PASSWORD": ("changethis",),
    "POSTGRES_SITE_USER": ("my.site", "1site"),
    "POSTGRES_SITE_PASSWORD": ("changethis",),
    "POSTGRES_BIN": ("bin",),
    "POSTGRES_WAIT_SECONDS": ("1m", "0"),
    "MIGRATION_WAIT_SECONDS": ("1h", "0"),
    "REDIS_PASSWORD": ("password",),
    "REDIS_URL": ("redis:6379", "http://redis", "unix://redis.sock"),
    "EMAIL_URL": (
        "mail.example.com",
        "smtps://u:hush@mail.example.com",
        "smtp+tls://u:hush@mail.example.com:99999",
        "smtp://u:hush@",
    ),
    "DEFAULT_FROM_EMAIL": ("photos", "photos@example"),
    "MEDIA_ROOT": ("media", "/"),
    "MEDIA_STORAGE_URL": ("gs://bucket", "bucket/folder", "https://bucket/folder"),
    "MEDIA_BY_NGINX": ("yes", "2"),
    "MEDIA_LINK_KEY": ("secret",),
    "UPLOAD_LIMIT_MB": ("0", "100MB", "1.5"),
    "UPLOAD_ZIP_LIMIT_MB": ("4G",),
    "UPLOADS_OPEN_LIMIT": ("0", "many"),
    "UPLOADS_OPEN_LIMIT_MB": ("0", "16G"),
    "UPLOAD_FREE_FLOOR_MB": ("-1", "10%"),
    "PHOTO_LIMIT_MEGAPIXELS": ("0", "64MP"),
    "BACKUP_STORAGE_URL": ("bucket", "gs://", "file://folder", "gcs://bucket"),
    "BACKUP_ENCRYPTION_KEY": ("age1publickey", AGE_KEY[:-1], f"{AGE_KEY},AGE-SECRET-"),
    "BACKUP_AT": ("3:00", "0_25_*_*_*", "0_3_*_*", "60_3_*_*_*", "0_3_32_*_*"),
    "BACKUP_DRILL_AT": ("daily", "0_5_*_*_8", "0_5_*_13_*", "*/0_5_*_*_*"),
    "BACKUP_MAX_AGE_HOURS": ("26h", "-1"),
    "BACKUP_PING_URL": ("hc-ping.com/hush", "ftp://x"),
    "BACKUP_KEEP_DAILY": ("7d",),
    "BACKUP_KEEP_WEEKLY": ("-1",),
    "BACKUP_KEEP_MONTHLY": ("all",),
    "STORAGE_EMULATOR_HOST": ("storage:4443", "http://storage:99999"),
    "GOOGLE_APPLICATION_CREDENTIALS": ("key.json",),
    "AWS_ACCESS_KEY_ID": ("AK",),
    "AWS_SECRET_ACCESS_KEY": ("short",),
    "AWS_DEFAULT_REGION": ("eu_central_1", "eu-central-1a/"),
    "AWS_ENDPOINT_URL_S3": ("s3.example.com", "s3://s3.example.com"),
    "SENTRY_DSN": ("https://sentry.io/1", "sentry", "https://hush@sentry.io/project"),
    "SENTRY_TRACES_SAMPLE_RATE": ("5%", "1.5", "2", "-0.1"),
    "LOG_FORMAT": ("xml", "JSON"),
    "WEB_PORT": ("0", "eight"),
    "METRICS_PORT": ("none", "65536"),
    "WEB_WORKERS": ("0", "auto"),
    "WEB_THREADS": ("0", "x"),
    "WEB_RELOAD": ("true", "yes"),
    "WORKER_CONCURRENCY": ("0", "x"),
    "WORKER_HEARTBEAT_FILE": ("alive",),
    "WORKER_CANARY_FILE": ("canary",),
    "WORKER_CANARY_SECONDS": ("0", "1m"),
    "WORKER_DEAF_SECONDS": ("0", "x"),
    "QUEUE_ONLY": ("yes", "true"),
    "FLOWER_URL": ("flower", "ftp://flower"),
    "JOBS_FOLDER": ("jobs",),
    "FLOWER_BASIC_AUTH": ("flower", ":hush"),
    "APP_UID": ("0", "root"),
    "APP_GID": ("0", "staff"),
    "WEB_CPUS": ("two", "0"),
    "WORKER_CPUS": ("-1", "1.0.0"),
}
RIGHT: dict[str, tuple[str, ...]] = {
    "PROJECT_NAME": ("photos-2", "my_photos"),
    "SITE_NAME": ("Photos", "Our_photos", "Été_à_la_mer,_2026"),
    "ALLOWED_HOSTS": ("*", ".example.com,localhost", "127.0.0.1,[::1]", "a.org,"),
    "SITE_URL": ("http://localhost:8080", "https://x.example.com/", "http://[::1]:80"),
    "PUBLISH_ON": ("0.0.0.0", "10.1.2.3", "::1", "[fd00::1]"),
    "TRUSTED_PROXIES": ("10.0.0.0/8,192.168.1.4", "fd00::/8"),
    "TIME_ZONE": ("UTC", "Europe/Paris", "US/Eastern", "Asia/Calcutta", "Etc/GMT+1"),
    "HTTP_PORT": ("1", "80", "08080", "65535"),
    "POSTGRES_HOST": ("postgres", "db.example.com", "/run/postgresql", "10.0.0.4"),
    "EMAIL_URL": (
        "smtp://mail.example.com",
        "smtp+tls://me%40x.org:pa%2Fss@mail.example.com:587",
        "smtp+ssl://u:p@[::1]:465",
        "consolemail://",
        "filemail:///var/mail",
    ),
    "BACKUP_ENCRYPTION_KEY": (AGE_KEY, f"{AGE_KEY},{AGE_KEY}"),
    "BACKUP_AT": ("0_3_*_*_*", "*/15_0-6_1,15_jan-mar_Mon-Fri", "5,35_*/2_*_*_7"),
    "BACKUP_STORAGE_URL": ("gs://b", "s3://b/f/", "file:///backups"),
    "SENTRY_DSN": ("https://key@o1.ingest.sentry.io/42", "http://k@localhost:9000/a/1"),
    "SENTRY_TRACES_SAMPLE_RATE": ("0", "1", ".5", "0.05", "1.0"),
    "DEFAULT_FROM_EMAIL": ("photos@example.com", "admin@localhost"),
    "REDIS_URL": ("redis://redis:6379", "redis://:pw@h:1", "unix:///run/v.sock"),
    "MEDIA_BY_NGINX": ("0", "1", "true"),
}


def load_rules() -> ModuleType:
    """The site's own reader; its package would import the whole site."""
    place = REPOSITORY / "socle/core/env_rules.py"
    spec = importlib.util.spec_from_file_location("env_rules", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def ask_bash(pairs: list[tuple[str, str]]) -> list[str]:
    """What scripts/env_rules.sh says of each."""
    script = "source scripts/lib.sh; source scripts/env_rules.sh; load_rules\n"
    script += 'while (($#)); do printf "%s\\n" "$(fault_of "$1" "$2")"; shift 2; done'
    words = [word for pair in pairs for word in pair]
    command = ["bash", "-euo", "pipefail", "-c", script, "bash", *words]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


RULES = load_rules().rules()
WRONG_PAIRS = [
    (name, value) for name in VARIABLES for value in WRONG.get(name, ("no such case",))
]
RIGHT_PAIRS = [(name, value) for name, values in RIGHT.items() for value in values]
ONE_WRONG_EACH = {name: WRONG[name][0] for name in VARIABLES if name in WRONG}


def test_every_variable_of_the_example_has_a_rule_and_a_wrong_value():
    assert [name for name in VARIABLES if name not in RULES] == []
    assert [name for name in VARIABLES if name not in WRONG] == []


def test_the_values_of_the_example_are_right():
    pairs = re.findall(r"^([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    filled = [(name, value) for name, value in pairs if value]

    assert [RULES[name].fault(value) for name, value in filled] == [""] * len(filled)
    assert ask_bash(filled) == [""] * len(filled)


def test_both_readers_refuse_the_same_in_the_same_words():
    said = ask_bash(WRONG_PAIRS)

    for (name, value), sentence in zip(WRONG_PAIRS, said, strict=True):
        assert sentence, (name, value)
        near = re.compile(r" \(near: .*\)$")  # a guess each
        of_the_site = RULES[name].fault(value).replace('"', "'")
        assert near.sub("", sentence) == near.sub("", of_the_site)
        assert RULES[name].kind == "secret" or repr(value) in sentence


def test_both_readers_take_the_same():
    assert [(n, v) for n, v in RIGHT_PAIRS if RULES[n].fault(v)] == []
    assert ask_bash(RIGHT_PAIRS) == [""] * len(RIGHT_PAIRS)


def test_no_rule_shows_a_secret():
    names = [name for name in VARIABLES if RULES[name].kind == "secret"]

    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "EMAIL_URL", "SENTRY_DSN"} <= set(names)
    pairs = [(name, value) for name in names for value in WRONG[name]]
    assert not [said for said in ask_bash(pairs) if "hush" in said]


def test_a_sites_name_has_letters_of_any_language(project):
    project.env.write_text(EXAMPLE)
    project.change(SITE_NAME="Été_à_la_mer")

    project.install()

    assert "SITE_NAME=Été_à_la_mer" in project.env.read_text()


# --- ./install_docker.sh --------------------------------------------------------


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wrong_value_stops_the_docker_installer(project, name):
    project.env.write_text(EXAMPLE)
    project.change(**{name: WRONG[name][0]})

    said = project.refuse()

    assert re.search(rf"^  {name} (is '|is a placeholder|\(not shown\))", said, re.M)
    assert "Nothing was changed or stopped." in said
    assert "; it is " in said


def test_all_wrong_values_are_one_report(project):
    project.install()
    project.change(**ONE_WRONG_EACH)
    (project.answers / "calls").unlink()

    said = project.refuse()

    reported = re.findall(r"^  ([A-Z0-9_]+) [i(]", said, re.MULTILINE)
    assert sorted(reported) == sorted(ONE_WRONG_EACH)


def test_a_first_value_from_the_environment_or_an_option_is_checked(project):
    said = project.refuse(TIME_ZONE="US/Estern", PROJECT_NAME="Photos")

    assert "TIME_ZONE is 'US/Estern'; it is the name of a time zone" in said
    assert "(near: US/Eastern)" in said
    assert "PROJECT_NAME is 'Photos'" in said


def test_what_the_shell_exports_is_checked_where_compose_prefers_it(project):
    project.install()

    said = project.refuse_again(TIME_ZONE="Mars/Base")

    assert "TIME_ZONE, which your shell exports, is 'Mars/Base'" in said


def test_a_secret_in_a_file_is_checked_and_not_shown(project):
    project.install("prod", *FOR_A_SERVER)
    place = project.root / "secrets/values/email_url"
    place.write_text("imap://user:hush@mail.example.com")

    said = project.refuse_again("prod")

    assert "EMAIL_URL in secrets/values/email_url (not shown) is unusable" in said
    assert "hush" not in said


def test_keys_with_comments_in_their_file_are_taken(project):
    project.install("prod", *FOR_A_SERVER)
    place = project.root / "secrets/values/backup_encryption_key"
    place.write_text(f"# created: today\n# public key: age1x\n{AGE_KEY}\n{AGE_KEY}\n")

    project.install("prod")

    assert RULES["BACKUP_ENCRYPTION_KEY"].fault(place.read_text()) == ""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("TIMEZONE=UTC", "TIMEZONE is no variable; is TIME_ZONE meant?"),
        ("SITEURL=http://x.org", "SITEURL is no variable; is SITE_URL meant?"),
        ("time_zone=UTC", "time_zone is no variable; is TIME_ZONE meant?"),
        ("export LOG_FORMAT=text", "(LOG_FORMAT) is no NAME=value: leave the word exp"),
        (
            "LOG_FORMAT =text",
            "(LOG_FORMAT) is no NAME=value: leave the blanks before =",
        ),
        (" LOG_FORMAT=text", "is no NAME=value: leave the blanks before the name out"),
        ("hush-hush", "is no NAME=value"),
        ("WEB_WORKERS=2 ", "WEB_WORKERS has a space"),
        ("WEB_WORKERS=2 # two", "WEB_WORKERS has a #"),
        ('LOG_FORMAT="json"', "LOG_FORMAT has a quote"),
        ("WEB_WORKERS=$N", "WEB_WORKERS has a $"),
        ("WEB_THREADS=8", "WEB_THREADS is there twice, with two values"),
        ("ADMIN_EMAIL=", "ADMIN_EMAIL is ''; it is an e-mail address"),
        ("WEB_THREADS=4\r", "CRLF"),
    ],
)
def test_a_line_that_is_not_as_it_looks(project, line, says):
    project.install()
    with project.env.open("a", newline="") as file:
        file.write(f"{line}\n")

    said = project.refuse_again()

    assert says in said
    assert "hush" not in said


def test_an_invisible_mark_at_the_beginning_is_told(project):
    project.install()
    project.env.write_bytes(b"\xef\xbb\xbf" + project.env.read_bytes())

    assert "line 1 begins with an invisible mark of Windows (BOM)" in (
        project.refuse_again()
    )


@pytest.mark.parametrize(
    "line",
    ["MY_OWN_THING=7", "COMPOSE_PROFILES=monitoring", "# x", "SENTRY_DSN_FILE=/x"],
)
def test_a_line_of_the_owner_is_left_alone(project, line):
    project.install()
    with project.env.open("a") as file:
        file.write(f"{line}\n")

    project.install()

    assert line in project.env.read_text()


# --- ./install_local.sh ---------------------------------------------------------


def install_local(tree: Path, **exported: str) -> subprocess.CompletedProcess:
    """Its check alone, in a copy without anything to install from."""
    script = 'source install_local.sh; values_can_be_used "$(choose_python)"'
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tree,
        env={k: v for k, v in os.environ.items() if k not in RULES} | exported,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def tree(tmp_path) -> Path:
    for name in ("install_local.sh", "scripts", "socle", "web/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / ".env.example").symlink_to(REPOSITORY / ".env.example")
    (tmp_path / ".local").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wrong_value_stops_the_installer_without_docker(tree, name):
    (tree / ".local/env").write_text(f"{name}={WRONG[name][0]}\n")

    done = install_local(tree)

    assert done.returncode == 1
    assert re.search(rf"^  {name} (is '|is a pl|\(not)", done.stderr, re.MULTILINE)
    assert "Nothing was changed or stopped." in done.stderr


def test_a_wrong_value_of_the_shell_stops_it_unless_the_file_has_its_own(tree):
    (tree / ".local/env").write_text("LOG_FORMAT=text\n")

    assert install_local(tree, LOG_FORMAT="xml").returncode == 0
    assert "BACKUP_AT, which your shell exports, is 'daily'" in (
        install_local(tree, BACKUP_AT="daily").stderr
    )


def test_values_without_docker_may_have_blanks_and_signs(tree):
    lines = "MEDIA_ROOT=/srv/my photos/$x\nALLOWED_HOSTS=localhost, 127.0.0.1\n"
    (tree / ".local/env").write_text(lines)

    assert install_local(tree).returncode == 0


# --- The site ---------------------------------------------------------------------


def test_the_site_reports_all_that_it_reads_and_starts_nothing():
    files = ("socle/core/settings.py", "web/config/settings.py")
    settings = "".join((REPOSITORY / name).read_text() for name in files)
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', settings)) & set(VARIABLES)
    read |= {"WEB_WORKERS", "WEB_THREADS", "WEB_RELOAD"}

    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=REPOSITORY / "web",
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
        | ONE_WRONG_EACH,
        capture_output=True,
        text=True,
    )

    reported = re.findall(r"^  ([A-Z0-9_]+) [i(]", done.stderr, re.MULTILINE)
    assert set(reported) == read
    assert "hush" not in done.stderr


# --- Zones ------------------------------------------------------------------------


def test_every_time_zone_has_a_name_of_today_that_is_one():
    zones = load_rules().time_zones()

    assert zones["US/Eastern"] == "America/New_York"
    assert [name for name in zones.values() if zones[name] != name] == []


def test_the_list_of_time_zones_is_that_of_the_package():
    script = REPOSITORY / "web/requirements/time_zones.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)

    kept = (REPOSITORY / "socle/core/time_zones.txt").read_text()
    assert done.stdout == kept, "run: web/requirements/lock.sh"
