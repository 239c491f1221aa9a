import json
import logging
import logging.config
import subprocess
import sys
import textwrap

import pytest
from django.conf import settings as site
from structlog.contextvars import bound_contextvars

from socle.core import logs

KEYS = ["time", "level", "service", "event", "request_id", "logger"]


@pytest.fixture
def lines(capfd):
    """Logs as in PROD, and gives what came out."""
    logging.config.dictConfig(logs.logging_settings(service="web", as_json=True))
    yield lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    sys.excepthook = sys.__excepthook__
    logging.captureWarnings(False)
    logging.config.dictConfig(site.LOGGING)


def test_a_line_has_its_keys_in_their_order(lines):
    with bound_contextvars(request_id="abcdef123"):
        logging.getLogger("gallery.tasks").warning("%s of %s", 3, "photos")

    (line,) = lines()
    assert list(line) == KEYS
    assert line["event"] == "3 of photos"
    assert line["level"] == "warning"
    assert line["service"] == "web"
    assert line["request_id"] == "abcdef123"
    assert line["logger"] == "gallery.tasks"
    assert line["time"].endswith("Z")
    assert len(line["time"]) == len("2026-11-21T19:38:12.123Z")


def test_facts_of_a_line_stay_facts(lines):
    facts = {"kind": "backup", "numbers": {"files": 3}, "reason": "ada@example.com"}
    logging.getLogger("backups").info("A run.", extra={"run": facts, "other": 1})

    (line,) = lines()
    assert line["run"] == facts | {"reason": "[e-mail]"}
    assert "other" not in line


def test_an_exception_is_a_field_of_its_line(lines):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("gallery").exception("It failed.")

    (line,) = lines()
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: two\nlines")


def test_no_line_names_a_person(lines):
    try:
        raise ValueError("Key (email)=(ada@example.com) already exists.")
    except ValueError:
        logging.getLogger("x").exception("For %s", ["ada@example.com"])

    (line,) = lines()
    assert "ada" not in json.dumps(line)
    assert "[e-mail]" in line["exception"]


@pytest.mark.django_db
def test_what_visitors_did_wrong_is_left_to_nginx(lines, client, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert client.get("/api/nothing-here/").status_code == 404
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    logging.getLogger("axes").warning("AXES: Locking out 203.0.113.9")

    assert lines() == []


def test_lines_of_two_processes_and_eight_threads_stay_whole():
    program = textwrap.dedent(
        """
        import logging, logging.config, os, threading
        from socle.core import logs
        logging.config.dictConfig(logs.logging_settings(service="web", as_json=True))
        def write(number):
            for turn in range(5):
                logging.getLogger("t").info("%s %s", number, "x" * 70_000)
        child = os.fork()
        threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        if child: os.waitpid(child, 0)
        os._exit(0)
        """
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=site.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert len(lines) == 2 * 8 * 5
    assert {len(line["event"]) for line in lines} == {70_002}


def test_an_exception_that_nobody_caught_is_a_line_too():
    program = (
        "import logging.config, sys, warnings\n"
        "from socle.core import logs\n"
        "logging.config.dictConfig(logs.logging_settings(service='x', as_json=True))\n"
        "warnings.warn('old')\n"
        "raise OSError('no disk')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=site.BASE_DIR,
        capture_output=True,
        check=False,
        timeout=60,
    )
    warning, end = [json.loads(line) for line in run.stderr.splitlines()]
    assert warning["logger"] == "py.warnings"
    assert end["level"] == "critical"
    assert end["exception"].endswith("OSError: no disk")


def test_people_get_words(capfd):
    logging.config.dictConfig(logs.logging_settings(service="web", as_json=False))
    with bound_contextvars(request_id="abcdef123"):
        logging.getLogger("gallery").info("Swept %s.", 3)
    try:
        raise ValueError("no letter to ada@example.com")
    except ValueError:
        logging.getLogger("gallery").exception("It failed.")

    said = capfd.readouterr().err
    logging.config.dictConfig(site.LOGGING)
    assert "Swept 3." in said
    assert "request_id=abcdef123" in said
    assert "\nValueError: no letter to [e-mail]" in said


@pytest.mark.parametrize(
    ("log_format", "environment", "is_json"),
    [("", "local", False), ("", "prod", True), ("", "dev", True)]
    + [("text", "prod", False), ("json", "local", True)],
)
def test_the_format_follows_the_environment_unless_it_is_named(
    log_format, environment, is_json
):
    assert logs.wants_json(log_format, environment=environment) is is_json


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("/venv/bin/gunicorn -c config/gunicorn.conf.py config.wsgi", "web"),
        ("/venv/bin/celery --app=config worker", "worker"),
        ("/venv/lib/celery/__main__.py --app=config flower", "flower"),
        ("manage.py migrate_site --wait", "migrate"),
        ("manage.py backup", "manage"),
    ],
)
def test_a_process_knows_which_service_it_is(command, service):
    assert logs.service_name(command.split(), variables={}) == service
    assert logs.service_name(["x"], variables={"SERVICE_NAME": "cron"}) == "cron"


@pytest.mark.parametrize(
    ("command", "variables", "expected"),
    [
        ("manage.py backup", {}, True),
        ("manage.py backup", {"STARTED_BY": "cron"}, False),
        ("manage.py migrate_site --wait", {}, False),
        ("manage.py run_worker", {}, False),
        ("manage.py runserver", {}, False),
        ("/venv/bin/gunicorn config.wsgi", {}, False),
    ],
)
def test_a_command_that_somebody_types_says_nothing_beside_its_own_words(
    command, variables, expected
):
    for_person = logs.speaks_to_a_person(command.split(), variables=variables)
    handlers = logs.logging_settings(
        service="manage", as_json=False, for_person=for_person
    )["handlers"]

    assert for_person is expected
    assert handlers["console"]["level"] == ("WARNING" if expected else "INFO")
