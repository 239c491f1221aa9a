"""What is Amazon's alone, and that of servers which only resemble it."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from socle.backups.exceptions import ObjectDamaged, StoreRefused, StoreUnavailable
from socle.backups.format.checksums import agrees
from socle.backups.stores import open_store, s3_errors, s3_responses, s3_uploads
from socle.backups.stores import s3 as s3_module
from socle.backups.stores.stored_checksums import crc32c_of
from socle.backups.tests import faults
from socle.backups.tests.conftest import names_in
from socle.backups.tests.faults import ALWAYS, Answer, answered
from socle.backups.tests.faulty import LARGE, received, send
from socle.backups.tests.store_servers import S3_BUCKET


def said(code: str, words: str = "") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_ACCESS_KEY_ID", "another"), ("AWS_SECRET_ACCESS_KEY", "another")],
)
def test_wrong_keys_are_named(s3, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    store = open_store(f"s3://{S3_BUCKET}", patience_seconds=1)
    with pytest.raises(StoreRefused, match=r"signed in.*AWS_ACCESS_KEY_ID.*storage"):
        list(store.list(""))


def test_missing_keys_are_named(s3, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    store = open_store(f"s3://{S3_BUCKET}", patience_seconds=1)
    with pytest.raises(StoreRefused, match=r"signed in.*AWS_ACCESS_KEY_ID.*storage"):
        list(store.list(""))


def test_a_profile_that_is_not_there_is_refused(s3, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreRefused, match="nobody"):
        open_store(f"s3://{S3_BUCKET}")


def test_a_key_file_is_refused(s3):
    with pytest.raises(StoreRefused, match="AWS_ACCESS_KEY_ID"):
        open_store("s3://bucket", key={})


def test_a_missing_bucket_is_named(s3):
    store = open_store("s3://no-such-bucket-here", patience_seconds=1)
    for ask in (
        store.prepare,
        lambda: list(store.list("")),
        lambda: store.put("a", b""),
    ):
        with pytest.raises(StoreRefused, match="'no-such-bucket-here'.*storage.sh"):
            ask()


def test_prepare_finds_the_bucket(s3_store):
    assert s3_store.prepare().endswith(f"has the bucket {S3_BUCKET}.")


def test_a_server_that_is_not_there_is_worth_another_try(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    store = open_store(f"s3://{S3_BUCKET}", patience_seconds=0.1)
    with pytest.raises(StoreUnavailable, match="127.0.0.1:9.*When it answers"):
        list(store.list(""))


def test_a_wrong_clock_is_named(faulty_s3):
    skewed = said("RequestTimeTooSkewed", "The difference is too large.")
    faulty_s3.between.fail(answered(403, skewed))
    with pytest.raises(StoreRefused, match=r"time of this machine.*timedatectl"):
        list(faulty_s3.store.list(""))
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    faulty_s3.between.fail(answered(403, b"", Date=later))
    with pytest.raises(StoreRefused, match=r"differs from its own by 3,[56]\d\d s"):
        faulty_s3.store.find("a")


def test_a_missing_permission_is_named(faulty_s3):
    faulty_s3.between.fail(answered(403, said("AccessDenied", "You shall not.")))
    with pytest.raises(StoreRefused, match=r"You shall not.*s3:PutObject"):
        faulty_s3.store.read("a")


def test_another_region_is_named(faulty_s3):
    wrong = said("AuthorizationHeaderMalformed", "expecting 'eu-west-1'")
    faulty_s3.between.fail(answered(400, wrong))
    with pytest.raises(
        StoreRefused, match=r"expecting 'eu-west-1'.*AWS_DEFAULT_REGION"
    ):
        faulty_s3.store.read("a")


def test_a_certificate_that_proves_nothing_is_not_asked_again():
    failed = s3_errors.boto.SSLError(
        endpoint_url="https://x", error="CERTIFICATE_VERIFY_FAILED"
    )
    refused = pytest.raises(StoreRefused, match="AWS_CA_BUNDLE")
    with refused, s3_errors.translated("s3://x", bucket="x"):
        raise failed


def test_a_server_that_knows_neither_preconditions_nor_crc32c_is_enough(faulty_s3):
    asked = re.compile("if-none-match|if-match|x-amz-checksum|x-amz-mp-object-size")

    def strict(request, forward):
        if any(asked.match(name.lower()) for name in request.headers):
            return Answer(501, body=said("NotImplemented", "A header you provided"))
        return forward(request)

    faulty_s3.between.fail(strict, times=ALWAYS)
    store = faulty_s3.store
    send(store, "large", LARGE)
    store.put("small", b"small")
    assert received(store, "large") == LARGE
    assert store.find("small").crc32c == ""
    assert agrees(store.find("small"), size_bytes=5, crc32c="unknown")
    store.delete("small", generation=store.find("small").generation)
    assert names_in(store) == ["large"]


def test_a_flipped_bit_is_noticed_by_its_md5_alone(faulty_s3):
    faulty_s3.store.put("a", b"some bytes")

    def unsummed(request, forward):
        answer = faults.flipped(request, forward)
        answer.headers = {
            name: answer.headers[name]
            for name in answer.headers
            if "crc32c" not in name.lower()
        }
        return answer

    faulty_s3.between.fail(unsummed, method="GET")
    with pytest.raises(ObjectDamaged):
        faulty_s3.store.read("a")


def test_a_failed_stream_leaves_no_parts(s3_store, s3_client):
    def fail():
        with s3_store.create("a") as target:
            target.write(bytes(s3_uploads.SMALLEST_PART_BYTES * 2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not s3_client.list_multipart_uploads(Bucket=S3_BUCKET).get("Uploads")


def test_parts_of_a_killed_upload_are_removed_when_they_are_old(s3_store, s3_client):
    folder = s3_store.url.removeprefix(f"s3://{S3_BUCKET}/")
    for name in ("ours", "other"):
        s3_client.create_multipart_upload(Bucket=S3_BUCKET, Key=f"{folder}/{name}/half")

    def unfinished():
        page = s3_client.list_multipart_uploads(Bucket=S3_BUCKET, Prefix=f"{folder}/")
        return [one["Key"] for one in page.get("Uploads", [])]

    assert len(unfinished()) == 2
    now = datetime.now(UTC)
    assert s3_store.tidy("ours/", before=now - timedelta(hours=1)) == 0
    assert s3_store.tidy("ours/", before=now + timedelta(hours=1)) == 1
    assert unfinished() == [f"{folder}/other/half"]


def test_parts_grow_so_that_500_gb_fit_into_10_000():
    sizes = [s3_uploads.part_bytes(number) for number in range(10_000)]
    assert sum(sizes) > 500e9
    assert sizes == sorted(sizes)
    assert sizes[0] >= 5 << 20
    assert sizes[-1] <= 64 << 20


def test_an_etag_that_is_no_md5_is_not_taken_for_one():
    md5 = '"5d41402abc4b2a76b9719d911017c592"'
    assert s3_responses.md5_in({"ETag": md5}) == md5.strip('"')
    assert s3_responses.md5_in({"ETag": md5, "ServerSideEncryption": "AES256"})
    for words in (
        {"ETag": md5, "ServerSideEncryption": "aws:kms"},
        {"ETag": md5, "ServerSideEncryption": "aws:kms:dsse"},
        {"ETag": md5, "SSECustomerAlgorithm": "AES256"},
        {"ETag": '"0123456789abcdef"'},
    ):
        assert s3_responses.etag_of(words) == ""
    parts = {"ETag": md5[:-1] + '-2"'}
    assert s3_responses.md5_in(parts) == ""
    assert s3_responses.etag_of(parts).endswith("-2")


def test_a_checksum_of_checksums_is_not_taken_for_the_objects():
    whole = {"ChecksumCRC32C": "AAAAAA==", "ChecksumType": "FULL_OBJECT"}
    assert s3_responses.crc32c_in(whole) == "AAAAAA=="
    assert s3_responses.crc32c_in(whole | {"ChecksumType": "COMPOSITE"}) == ""


@pytest.fixture
def small_copies(monkeypatch):
    monkeypatch.setattr(s3_module, "COPY_BYTES", len(LARGE) // 2)
    monkeypatch.setattr(s3_module, "COPY_PART_BYTES", len(LARGE) // 3)


def test_a_server_that_cannot_copy_parts_says_so(s3_store, small_copies):
    """rclone answers well to the request, and copies nothing."""
    s3_store.put("from", LARGE)
    with pytest.raises(StoreRefused, match="cannot copy an object of over 5 GiB"):
        s3_store.copy("to", source=s3_store, source_name="from")
    assert names_in(s3_store) == ["from"]


def test_a_large_object_is_copied_in_parts(faulty_s3, rclone, s3_client, small_copies):
    faulty_s3.store.put("from", LARGE)
    ranges = []

    def copy_part(request, forward):
        """As Amazon does it."""
        place = urlsplit(request.path)
        query = parse_qs(place.query)
        source = unquote(request.headers["x-amz-copy-source"])
        first, last = re.findall(r"\d+", request.headers["x-amz-copy-source-range"])
        ranges.append((int(first), int(last)))
        data = (rclone.folder / source).read_bytes()[int(first) : int(last) + 1]
        answer = s3_client.upload_part(
            Bucket=S3_BUCKET,
            Key=unquote(place.path).removeprefix(f"/{S3_BUCKET}/"),
            UploadId=query["uploadId"][0],
            PartNumber=int(query["partNumber"][0]),
            Body=data,
        )
        body = f"<CopyPartResult><ETag>{answer['ETag']}</ETag></CopyPartResult>"
        return Answer(200, body=body.encode())

    faulty_s3.between.fail(copy_part, path="partNumber", times=ALWAYS)
    store = faulty_s3.store
    copied = store.copy("to", source=store, source_name="from")
    assert copied.size_bytes == len(LARGE)
    assert crc32c_of(received(store, "to")) == crc32c_of(LARGE)
    assert len(ranges) == 4
    assert ranges[-1][1] == len(LARGE) - 1
