from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.services import fill_groups
from socle.operations.tests.store import nothing_remembered, store  # noqa: F401

NIGHT = datetime(2026, 11, 21, 3, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def operator():
    """Somebody who may see everything here, and is no staff."""
    fill_groups()
    user = User.objects.create_user("ops@example.com", "night-shift")
    user.groups.add(Group.objects.get(name="operator"))
    return user


@pytest.fixture
def staff(client, db):
    """A signed-in browser of an operator."""
    client.force_login(operator())
    return client
