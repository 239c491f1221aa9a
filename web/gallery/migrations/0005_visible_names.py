"""Names and captions as they are taken from now on: composed, nothing hidden in them."""

from django.db import migrations
from django.db.models import Q

import socle.core.text_fields

OF_ASCII = "^[ -~\n\r\t]*$"


def clean(apps, _editor):
    """Reading gives what is stored; writing cleans it."""
    for name, fields in TEXTS.items():
        model = apps.get_model("gallery", name)
        odd = Q()
        for field in fields:
            odd |= ~Q(**{f"{field}__regex": OF_ASCII})
        for row in model.objects.only(*fields).filter(odd).iterator():
            row.save(update_fields=fields)
            if name != "upload" and not row.name:
                model.objects.filter(pk=row.pk).update(name="unnamed")


TEXTS = {
    "gallery": ["name", "description"],
    "photo": ["name", "caption", "camera"],
    "upload": ["name"],
}


class Migration(migrations.Migration):
    dependencies = [("gallery", "0004_download_language")]

    operations = [
        migrations.AlterField(
            model_name="gallery",
            name="description",
            field=socle.core.text_fields.ParagraphsField(
                blank=True, verbose_name="description"
            ),
        ),
        migrations.AlterField(
            model_name="gallery",
            name="name",
            field=socle.core.text_fields.NameField(max_length=120, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="photo",
            name="camera",
            field=socle.core.text_fields.NameField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="photo",
            name="caption",
            field=socle.core.text_fields.NameField(
                blank=True, max_length=500, verbose_name="caption"
            ),
        ),
        migrations.AlterField(
            model_name="photo",
            name="name",
            field=socle.core.text_fields.NameField(max_length=200),
        ),
        migrations.AlterField(
            model_name="upload",
            name="name",
            field=socle.core.text_fields.NameField(
                help_text="As the sender named it.", max_length=1000
            ),
        ),
        migrations.RunPython(clean, migrations.RunPython.noop),
    ]
