import pytest

from socle.core.media import FOLDER, media_storage


def test_without_a_url_uploads_lie_in_the_folder():
    assert media_storage("") == FOLDER


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("gs://bucket/socle/live", "storages.backends.gcloud.GoogleCloudStorage"),
        ("s3://bucket/socle/live/", "storages.backends.s3.S3Storage"),
    ],
)
def test_a_bucket_is_used_below_its_folder(url, backend):
    found = media_storage(url)
    assert found["BACKEND"] == backend
    assert found["OPTIONS"]["bucket_name"] == "bucket"
    assert found["OPTIONS"]["location"] == "socle/live"


@pytest.mark.parametrize("url", ["gs://bucket", "/media", "ftp://a/b", "gs:///x"])
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError, match="neither gs://BUCKET/FOLDER"):
        media_storage(url)
