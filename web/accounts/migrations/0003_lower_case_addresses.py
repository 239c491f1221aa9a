"""
E-mail addresses in the one form in which people are looked for.

The admin once kept capitals before the @; whoever was made so could never sign in.
"""

import logging
from collections import Counter

from django.db import migrations

logger = logging.getLogger(__name__)


def lower(apps, schema_editor):
    """Two people whose addresses differ in capitals alone are left and named."""
    users = apps.get_model("accounts", "User").objects.using(
        schema_editor.connection.alias
    )
    rows = users.order_by("pk").values_list("pk", "email").iterator()
    wanted = {pk: clean(email) for pk, email in rows if email != clean(email)}
    counts = Counter(wanted.values())
    for pk, email in wanted.items():
        if counts[email] > 1 or users.filter(email=email).exists():
            logger.warning(
                "Person %s keeps an e-mail address with capitals and cannot sign in: "
                "somebody else's differs from it in capitals alone. "
                "Next: choose another one at /admin/accounts/user/%s/change/",
                pk,
                pk,
            )
        else:
            users.filter(pk=pk).update(email=email)


def clean(email):
    return email.strip().lower()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_ins")]

    operations = [migrations.RunPython(lower, migrations.RunPython.noop)]
