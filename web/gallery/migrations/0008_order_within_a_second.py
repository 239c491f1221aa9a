"""Photos of one second stand in the order of the numbers in their names."""

from django.db import migrations

# Those that nobody has moved; a photo without a number in its name keeps its place.
FILL = r"""
UPDATE gallery_photo SET position = position + right(
    substring(regexp_replace(name, '\.[^.]*$', '') from '([0-9]+)[^0-9]*$'), 6
)::bigint
WHERE position % 1000000 = 0
    AND position = (extract(epoch FROM taken_at) * 1000000)::bigint
    AND regexp_replace(name, '\.[^.]*$', '') ~ '[0-9]';
"""


class Migration(migrations.Migration):
    dependencies = [("gallery", "0007_locations")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
