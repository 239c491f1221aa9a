"""photo_count and updated_at, kept by the database; places for photos of before."""

from django.db import migrations

COUNT_PHOTOS = """
CREATE FUNCTION gallery_count_photos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE gallery_gallery g
        SET photo_count = g.photo_count - gone.n, updated_at = now()
        FROM (SELECT gallery_id, count(*) AS n FROM old_rows GROUP BY gallery_id) gone
        WHERE g.id = gone.gallery_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE gallery_gallery g
        SET photo_count = g.photo_count + come.n, updated_at = now()
        FROM (SELECT gallery_id, count(*) AS n FROM new_rows GROUP BY gallery_id) come
        WHERE g.id = come.gallery_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER photos_come AFTER INSERT ON gallery_photo
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION gallery_count_photos();

CREATE TRIGGER photos_go AFTER DELETE ON gallery_photo
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION gallery_count_photos();
"""

# A trigger with transition tables cannot be limited to one column; a photo changes its
# gallery by hand alone, row by row.
MOVE_PHOTO = """
CREATE FUNCTION gallery_move_photo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gallery_gallery SET photo_count = photo_count - 1, updated_at = now()
    WHERE id = OLD.gallery_id;
    UPDATE gallery_gallery SET photo_count = photo_count + 1, updated_at = now()
    WHERE id = NEW.gallery_id;
    RETURN NULL;
END $$;

CREATE TRIGGER photo_moves AFTER UPDATE OF gallery_id ON gallery_photo
FOR EACH ROW WHEN (OLD.gallery_id <> NEW.gallery_id)
EXECUTE FUNCTION gallery_move_photo();
"""

# Clients ask what has changed since: no writer may forget to say when, and the clocks
# of web and worker may differ.
STAMP_PHOTO = """
CREATE FUNCTION gallery_stamp_photo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER photo_changes BEFORE INSERT OR UPDATE ON gallery_photo
FOR EACH ROW EXECUTE FUNCTION gallery_stamp_photo();
"""

FILL = """
UPDATE gallery_gallery g SET photo_count =
    (SELECT count(*) FROM gallery_photo p WHERE p.gallery_id = g.id);
UPDATE gallery_photo SET
    position = (extract(epoch FROM uploaded_at) * 1000000)::bigint;
"""

TAKE_AWAY = """
DROP TRIGGER photos_come ON gallery_photo;
DROP TRIGGER photos_go ON gallery_photo;
DROP TRIGGER photo_moves ON gallery_photo;
DROP TRIGGER photo_changes ON gallery_photo;
DROP FUNCTION gallery_count_photos();
DROP FUNCTION gallery_move_photo();
DROP FUNCTION gallery_stamp_photo();
"""


class Migration(migrations.Migration):
    dependencies = [("gallery", "0002_site")]

    operations = [
        migrations.RunSQL(COUNT_PHOTOS + MOVE_PHOTO + STAMP_PHOTO, TAKE_AWAY),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
