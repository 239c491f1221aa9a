"""People's names as they are taken from now on: composed, nothing hidden in them."""

from django.db import migrations
from django.db.models import Q

import socle.core.text_fields

NAMES = ["first_name", "last_name"]
OF_ASCII = "^[ -~]*$"


def clean(apps, _editor):
    """Reading gives what is stored; writing cleans it."""
    people = apps.get_model("accounts", "User").objects.only(*NAMES)
    odd = ~Q(first_name__regex=OF_ASCII) | ~Q(last_name__regex=OF_ASCII)
    for person in people.filter(odd).iterator():
        person.save(update_fields=NAMES)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_lower_case_addresses")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name=name,
            field=socle.core.text_fields.NameField(
                blank=True, max_length=150, verbose_name=name.replace("_", " ")
            ),
        )
        for name in NAMES
    ] + [migrations.RunPython(clean, migrations.RunPython.noop)]
