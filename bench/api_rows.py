"""Galleries of a thousand and of a million photos, written by the database itself."""

from django.db import connection

# Rows as the site writes them, all with the files of one photo.
INSERT = """
INSERT INTO gallery_photo (
    id, gallery_id, owner_id, name, caption, original, content_type, sha256, size_bytes,
    width, height, taken_at, camera, position, placeholder, preview, thumbnail,
    uploaded_at, notice, state, error, attempts, worker, queued_at, updated_at)
SELECT
    gen_random_uuid(), %(gallery)s, %(owner)s, 'IMG_' || n || '.jpg',
    'Evening ' || n %% 97, %(original)s, 'image/jpeg', md5(n::text) || md5((-n)::text),
    2400000 + n, 4000, 3000, now() - n * interval '1 minute', 'Fujifilm X100V',
    n * 1000000::bigint, %(placeholder)s, %(preview)s, %(thumbnail)s,
    now(), '', 'ready', '', 1, '', now(), now()
FROM generate_series(1, %(count)s) AS n
"""


def make_gallery(name: str, *, owner, like, count: int):
    """A private gallery with `count` photos, each with the files of `like`."""
    from gallery.models import Gallery

    gallery = Gallery.objects.create(name=name, owner=owner, visibility="private")
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "gallery": gallery.pk,
                "owner": owner.pk,
                "count": count,
                "original": like.original.name,
                "preview": like.preview.name,
                "thumbnail": like.thumbnail.name,
                "placeholder": like.placeholder,
            },
        )
        cursor.execute("VACUUM ANALYZE gallery_photo")
    return gallery
