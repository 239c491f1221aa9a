import pytest
from django.contrib.auth.models import Group, Permission

from accounts.exceptions import AccountError, WeakPassword
from accounts.models import User
from accounts.services import create_admin, fill_groups

pytestmark = pytest.mark.django_db


def test_fill_groups_gives_each_role_its_permissions_and_changes_nothing_twice():
    Group.objects.all().delete()

    first = fill_groups()

    assert {change.name for change in first if change.is_new} == {
        "member",
        "photographer",
        "moderator",
        "operator",
    }
    photographer = Group.objects.get(name="photographer")
    assert photographer.permissions.filter(codename="add_photo").exists()
    assert not any(change.is_change for change in fill_groups())


def test_fill_groups_takes_away_what_a_role_should_not_have():
    fill_groups()
    member = Group.objects.get(name="member")
    member.permissions.add(Permission.objects.get(codename="delete_photo"))

    (change,) = [change for change in fill_groups() if change.is_change]

    assert change.removed == ["gallery.delete_photo"]
    assert not member.permissions.filter(codename="delete_photo").exists()


def test_create_admin_makes_one_and_leaves_an_existing_one_alone():
    assert create_admin("Boss@Example.com", password="kettle-orbit-51") is True
    assert create_admin("boss@example.com", password="another-word-77") is False

    admin = User.objects.get()
    assert admin.is_staff
    assert admin.is_superuser
    assert admin.check_password("kettle-orbit-51")


def test_create_admin_refuses_a_weak_password_and_an_ordinary_user():
    with pytest.raises(WeakPassword, match="too short"):
        create_admin("boss@example.com", password="x")
    User.objects.create_user("guest@example.com", "only-looking")
    with pytest.raises(AccountError, match="ordinary user"):
        create_admin("guest@example.com", password="kettle-orbit-51")
