"""Opening and saving pages as an editor's browser does."""

from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from wagtail.test.utils import WagtailTestUtils
from wagtail.test.utils.form_data import querydict_from_html

from sandbox.home.people import allow_accounts, allow_pages
from tests.factories import UserFactory, root_collection
from wagtail_syndicate.models import targets_of


def person(*codenames, pages=("add", "change", "publish"), collection=None, **attributes):
    """A user who may enter the admin and do this to pages, with these of our permissions.

    :param collection: of the accounts that they are for; none: for all accounts.
    """
    user = UserFactory(is_superuser=False, is_staff=False, **attributes)
    group = Group.objects.create(name=f"group of {user.username}")
    group.permissions.add(Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin"))
    actions = [name.removesuffix("_account") for name in codenames]
    allow_accounts(group, *actions, collection=collection or root_collection())
    allow_pages(group, *pages)
    user.groups.add(group)
    return user


def edit_url(page):
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def add_url(model, parent):
    return reverse("wagtailadmin_pages:add", args=[model._meta.app_label, model._meta.model_name, parent.pk])


def opened(client, address):
    """The page editor at this address, as a tree of HTML elements."""
    response = client.get(address)
    assert response.status_code == 200
    return WagtailTestUtils.get_soup(response.content)


def filled(client, address, **values):
    """What the browser would send from there, with some values changed (``None`` leaves one out).

    Double underscores stand for hyphens.
    """
    data = querydict_from_html(client.get(address).content, form_id="page-edit-form")
    for name, value in values.items():
        name = name.replace("__", "-")
        data.pop(name, None)
        if value is not None:
            data.setlist(name, [str(one) for one in value] if isinstance(value, list) else [str(value)])
    return data


def wording_of(account):
    """The name of the input for an account's wording, for :func:`filled`."""
    return f"syndication__wording__{account.pk}"


def saved(client, page, action=None, address=None, **values):
    """Open the editor, change these values, press a button (``action-publish``) or "Save draft"."""
    address = address or edit_url(page)
    data = filled(client, address, **values)
    if action:
        data[action] = "1"
    return sent(client, address, data)


def sent(client, address, data, **kwargs):
    """Post what :func:`filled` returned; Django's test client would take only the last of several ticks."""
    return client.post(address, dict(data.lists()), **kwargs)


def draft(page):
    """The latest draft, as it is in the database."""
    return type(page).objects.get(pk=page.pk).get_latest_revision_as_object()


def ticks(page):
    """What is ticked in the latest draft: ``{account: wording}``, by primary key."""
    return {target.account_id: target.wording for target in targets_of(draft(page))}


def live_ticks(page):
    """What is ticked in the live version."""
    live = type(page).objects.get(pk=page.pk)
    return {target.account_id: target.wording for target in targets_of(live)}


def ticked_boxes(soup):
    """The primary keys of the ticked accounts on the screen."""
    return {int(box["value"]) for box in soup.find_all("input", {"name": "syndication-accounts", "checked": True})}
