"""The three people of the sandbox, and what their groups may do."""

from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from wagtail.models import GroupPagePermission

from .models import Page


ACCOUNT_PERMISSIONS = {
    "Editors": ["use_account"],
    "Site admins": ["view_account", "add_account", "change_account", "delete_account", "use_account"],
}


def load():
    """Create the users ``editor``, ``siteadmin`` and ``admin`` with their groups, where they are missing.

    The password of each is the user name followed by ``-sandbox``. Returns the editor.
    """
    for name, codenames in ACCOUNT_PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="wagtailadmin", codename="access_admin"),
            *Permission.objects.filter(content_type__app_label="wagtail_syndicate", codename__in=codenames),
        )
    editors = Group.objects.get(name="Editors")
    allow_pages(editors, "add", "change", "publish")
    editor = person("editor")
    editor.groups.add(editors)
    person("siteadmin").groups.add(Group.objects.get(name="Site admins"))
    person("admin", is_staff=True, is_superuser=True)
    return editor


def allow_pages(group, *actions):
    root = Page.get_first_root_node()
    for action in actions:
        permission = Permission.objects.get(
            content_type=ContentType.objects.get_for_model(Page),
            codename=get_permission_codename(action, Page._meta),
        )
        GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)


def person(username, **attributes):
    User = get_user_model()
    user, created = User.objects.get_or_create(
        username=username, defaults={"email": f"{username}@aquametrica.example", **attributes}
    )
    if created:
        user.set_password(f"{username}-sandbox")
        user.save()
    return user
