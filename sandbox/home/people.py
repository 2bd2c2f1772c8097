"""The people of the sandbox, and what their groups may do."""

from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission

from .models import Page


BEIJING = "Newsroom Beijing"
"""The collection of the accounts that are the business of Beijing, and the group that may use them."""

ACCOUNT_PERMISSIONS = {
    "Editors": ["use"],
    "Site admins": ["view", "add", "change", "delete", "use"],
    "Social media managers": ["view", "change", "use"],
    BEIJING: ["use"],
}
COLLECTIONS = {BEIJING: BEIJING}
"""Where a group may do that; the others everywhere."""

WRITERS = ("Editors", "Social media managers", BEIJING)
"""Groups that may write and publish pages."""

PEOPLE = {
    "editor": "Editors",
    "siteadmin": "Site admins",
    "manager": "Social media managers",
    "beijing": BEIJING,
}


def load():
    """Create the sandbox's people and their groups, where they are missing.

    The password of each is the user name followed by ``-sandbox``. Returns the editor.
    """
    for name, actions in ACCOUNT_PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="wagtailadmin", codename="access_admin")
        )
        allow_accounts(group, *actions, collection=collection(COLLECTIONS.get(name)))
        if name in WRITERS:
            allow_pages(group, "add", "change", "publish")
    for username, name in PEOPLE.items():
        person(username).groups.add(Group.objects.get(name=name))
    person("admin", is_staff=True, is_superuser=True)
    return person("editor")


def collection(name=None):
    """The collection of this name, made where it is missing; without a name the root, which holds all."""
    root = Collection.get_first_root_node() or Collection.add_root(name="Root")
    if name is None:
        return root
    return root.get_children().filter(name=name).first() or root.add_child(name=name)


def allow_accounts(group, *actions, collection):
    names = [f"{action}_account" for action in actions]
    permissions = Permission.objects.filter(content_type__app_label="wagtail_syndicate", codename__in=names)
    grant(GroupCollectionPermission, permissions, group=group, collection=collection)


def allow_pages(group, *actions):
    root = Page.get_first_root_node()
    names = [get_permission_codename(action, Page._meta) for action in actions]
    permissions = Permission.objects.filter(content_type=ContentType.objects.get_for_model(Page), codename__in=names)
    grant(GroupPagePermission, permissions, group=group, page=root)


def grant(model, permissions, **where):
    known = set(model.objects.filter(**where).values_list("permission_id", flat=True))
    model.objects.bulk_create(model(permission=one, **where) for one in permissions if one.pk not in known)


def person(username, **attributes):
    User = get_user_model()
    user, created = User.objects.get_or_create(
        username=username, defaults={"email": f"{username}@aquametrica.example", **attributes}
    )
    if created:
        user.set_password(f"{username}-sandbox")
        user.save()
    return user
