"""What each check says of what it finds, and what it asks to be done."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from socle.core.health import certificate, checks, commands, host, worker
from socle.core.health.results import CheckState
from socle.core.mail import NOBODY
from socle.core.media import media_storage

NOW = datetime.now(UTC)
GB = 1000**3


@pytest.fixture(autouse=True)
def as_in_docker(monkeypatch, settings):
    monkeypatch.setattr(commands, "is_in_docker", lambda: True)
    cache.clear()


@pytest.mark.django_db
def test_the_database_says_its_version():
    fact = checks.database()

    assert fact.state == CheckState.OK
    assert str(fact.says).startswith(f"Postgres {connection.pg_version // 10_000}."), (
        fact.says
    )


def test_a_database_that_does_not_answer_is_named_with_its_own_words(monkeypatch):
    def refused():
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(connection, "cursor", refused)
    fact = checks.database()

    assert fact.state == CheckState.FAIL
    assert str(fact.says) == "Postgres does not answer: connection refused"
    assert fact.todo == "docker compose up -d postgres"


def test_redis_says_its_version():
    fact = checks.redis()

    assert fact.state == CheckState.OK
    assert "answered in" in str(fact.says)


def test_a_redis_that_is_gone(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"
    fact = checks.redis()

    assert fact.state == CheckState.FAIL
    assert "Connection refused" in str(fact.says)
    assert fact.todo == "docker compose up -d redis"


def test_a_redis_that_accepts_and_says_nothing_is_not_waited_for_long(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        fact = checks.redis()  # would hang for ever

    assert fact.state == CheckState.FAIL


def test_a_redis_that_is_full(settings, server):
    server.client.config_set("maxmemory-policy", "noeviction")
    server.client.config_set("maxmemory", "1")
    settings.REDIS_URL = server.url
    fact = checks.redis()

    assert fact.state == CheckState.FAIL
    assert "maxmemory" in str(fact.says)
    assert fact.todo == "docker compose logs --tail 50 redis"


@pytest.mark.django_db
def test_unapplied_migrations_are_named():
    assert checks.migrations().state == CheckState.OK
    MigrationRecorder.Migration.objects.filter(app="backups").order_by(
        "-name"
    ).first().delete()
    fact = checks.migrations()

    assert fact.state == CheckState.FAIL
    assert "lacks 1 of the migrations: backups.0" in str(fact.says)
    assert fact.todo == "docker compose run --rm migrate"


@pytest.mark.django_db
def test_asking_for_migrations_changes_nothing():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        checks.migrations()

    assert not [q for q in queries if not q["sql"].lstrip().startswith("SELECT")]


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_STORAGE_URL = ""
    settings.MEDIA_ROOT = tmp_path / "media" / "live"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "media" / "incoming"
    settings.MEDIA_ROOT.mkdir(parents=True)
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return settings.MEDIA_ROOT


def test_a_folder_that_can_be_written_is_left_as_it_was(media):
    fact = checks.storage()

    assert fact.state == CheckState.OK
    assert str(media) in str(fact.says)
    assert list(media.iterdir()) == []


@pytest.mark.parametrize("name", ["live", "incoming"])
def test_a_folder_that_is_missing_is_named_and_not_made(media, name):
    folder = media.parent / name
    folder.rmdir()
    fact = checks.storage()

    assert fact.state == CheckState.FAIL
    assert str(folder) in str(fact.says)
    assert "No such file" in str(fact.says)
    assert fact.todo == "docker compose exec web python manage.py check_folders"
    assert not folder.exists(), "a restore may be renaming it just now"


def test_a_full_disk_is_another_fact(media, monkeypatch):
    """Reading goes on, and an upload is refused with words of its own."""

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checks.tempfile, "NamedTemporaryFile", full)

    assert checks.storage().state == CheckState.OK


def test_a_bucket_that_answers_and_one_that_does_not(media, settings, monkeypatch):
    asked = []
    settings.MEDIA_STORAGE_URL = "s3://photos/live"
    bucket = SimpleNamespace(
        name="photos",
        meta=SimpleNamespace(
            client=SimpleNamespace(list_objects_v2=lambda **v: asked.append(v))
        ),
    )
    monkeypatch.setitem(
        storages.__dict__.setdefault("_storages", {}),
        "default",
        SimpleNamespace(location="live", bucket=bucket),
    )
    assert checks.storage().state == CheckState.OK
    assert asked == [{"Bucket": "photos", "Prefix": "live", "MaxKeys": 1}]

    def refuse(**values):
        raise RuntimeError("AccessDenied")

    bucket.meta.client.list_objects_v2 = refuse
    fact = checks.storage()
    assert fact.state == CheckState.FAIL
    assert str(fact.says) == (
        "The bucket s3://photos/live does not answer: AccessDenied"
    )
    assert fact.todo == "./google_storage.sh -a"


@pytest.mark.parametrize(
    ("bucket", "state", "words"),
    [
        ("{bucket}/live", "ok", "answers."),
        ("gs://socle-no-such-bucket/live", "fail", "does not answer: 404"),
    ],
)
def test_googles_bucket_is_asked_for_one_name(media, settings, bucket, state, words):
    url = bucket.format(bucket=settings.BACKUP_STORAGE_URL)  # of the emulator
    settings.STORAGES = settings.STORAGES | {"default": media_storage(url)}
    settings.MEDIA_STORAGE_URL = url
    fact = checks.storage()

    assert (fact.state, words in str(fact.says)) == (state, True), fact.says


@pytest.mark.parametrize(
    ("free", "state"),
    [(500, "ok"), (101, "ok"), (99, "warn"), (21, "warn"), (19, "fail")],
)
def test_room_of_a_large_disk_counts_in_percent(free, state):
    assert host.room(free=free * GB, total=1000 * GB) == state


def test_room_of_a_small_disk_counts_in_bytes():
    assert host.room(free=GB // 2 - 1, total=GB) == CheckState.FAIL
    assert host.room(free=GB // 2 + 1, total=GB) == CheckState.OK


def test_the_disk_is_that_of_the_media_also_while_they_are_away(media, monkeypatch):
    media.rmdir()
    used = []

    def usage(path):
        used.append(path)
        return SimpleNamespace(total=100 * GB, free=5 * GB)

    monkeypatch.setattr(host.shutil, "disk_usage", usage)
    fact = host.disk()

    assert used == [media.parent]
    assert fact.state == CheckState.WARN
    assert str(fact.says).startswith("5.0 GB of 100.0 GB are free where ")
    assert "docker image prune" in str(fact.todo)


def test_only_prod_must_be_able_to_send_letters(settings):
    settings.EMAIL_BACKEND = NOBODY
    assert host.mail() is None
    settings.ENVIRONMENT, settings.LOCAL = "prod", False
    fact = host.mail()
    assert fact.state == CheckState.WARN
    assert "EMAIL_URL is empty" in str(fact.says)
    assert str(fact.todo) == (
        "Write EMAIL_URL into secrets/values/email_url, then: ./install_docker.sh prod"
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert host.mail().state == CheckState.OK


def test_a_worker_that_was_never_heard():
    fact = worker.worker()

    assert fact.state == CheckState.FAIL
    assert fact.todo == "docker compose restart worker"


def test_a_worker_is_heard_for_three_minutes():
    cache.set(worker.CANARY_KEY, timezone.now() - timedelta(seconds=170))
    fact = worker.worker()
    assert fact.state == CheckState.OK
    assert "170 s ago" in str(fact.says)

    cache.set(worker.CANARY_KEY, timezone.now() - timedelta(minutes=8))
    fact = worker.worker()
    assert fact.state == CheckState.FAIL
    assert "for 8 min" in str(fact.says)
    assert fact.todo == "docker compose restart worker"


def test_a_worker_whose_processes_are_all_at_work_is_warned_of():
    cache.set(worker.CANARY_KEY, timezone.now() - timedelta(minutes=8))
    cache.set(worker.BUSY_KEY, 1)

    assert worker.worker().state == CheckState.WARN


def made(tmp_path, *, names=("photos.example.com",), days=90.0, issuer="Its CA"):
    """A certificate and its key in one file; valid so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or names[0])])
    shown = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=200))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "shown.pem"
    path.write_bytes(
        shown.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextmanager
def showing(path):
    """A server with that certificate; what it was asked for comes to the list."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    asked = []
    context.sni_callback = lambda connection, name, _context: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            plain, _address = server.accept()
            with plain, context.wrap_socket(plain, server_side=True):
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname(), asked
        thread.join()


@pytest.fixture
def prod(settings):
    settings.LOCAL, settings.ENVIRONMENT = False, "prod"
    settings.BEHIND_PROXY = False
    settings.SITE_URL = "https://photos.example.com"
    return settings


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({"days": 20}, "ok", "is valid until"),
        ({"names": ["*.example.com"]}, "ok", "is valid until"),
        ({"days": 13.5}, "warn", "in 13 days"),
        ({"issuer": ""}, "warn", "it made itself"),
        ({"names": ["other.example.com"]}, "warn", "not for photos.example.com"),
        ({"days": -1}, "fail", "expired on"),
    ],
)
def test_the_certificate_is_what_nginx_shows(prod, tmp_path, values, state, words):
    with showing(made(tmp_path, **values)) as (address, asked):
        prod.NGINX_TLS_ADDRESS = address
        fact = certificate.certificate()

    assert asked == ["photos.example.com"]
    assert (fact.state, fact.name) == (state, "certificate")
    assert words in str(fact.says)
    todo = "" if state == "ok" else "docker compose -f prod.yml logs --tail 50 certbot"
    assert fact.todo == todo


def test_without_nginx_there_is_no_certificate(prod):
    prod.NGINX_TLS_ADDRESS = ("127.0.0.1", 1)
    fact = certificate.certificate()

    assert fact.state == CheckState.FAIL
    assert "refused" in str(fact.says)


@pytest.mark.parametrize("name", ["LOCAL", "BEHIND_PROXY"])
def test_where_nginx_speaks_plain_http_there_is_no_fact(prod, name):
    prod.NGINX_TLS_ADDRESS = ("127.0.0.1", 1)
    setattr(prod, name, True)

    assert certificate.certificate() is None


def test_what_is_to_be_typed_names_the_stage_or_does_without_docker(
    settings, monkeypatch
):
    assert commands.logs("web") == "docker compose logs --tail 50 web"
    settings.LOCAL, settings.ENVIRONMENT = False, "dev"
    assert commands.start("web") == "docker compose -f dev.yml up -d web"
    monkeypatch.setattr(commands, "is_in_docker", lambda: False)
    assert commands.logs("web") == "tail -n 50 .local/logs/web.log"
    assert commands.start("web") == "./install_local.sh"
