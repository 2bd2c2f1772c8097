import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


ACTIONS = ("view", "use", "add", "change", "delete")


def from_everywhere_to_the_root(apps, schema_editor):
    """What a group might do with all accounts, it may do in the root collection, which holds all of them."""
    Collection = apps.get_model("wagtailcore", "Collection")
    Permission = apps.get_model("auth", "Permission")
    GroupCollectionPermission = apps.get_model("wagtailcore", "GroupCollectionPermission")
    root = Collection.objects.order_by("path").first()
    if root is None:
        return
    permissions = Permission.objects.filter(
        content_type__app_label="wagtail_syndicate", codename__in=[f"{action}_account" for action in ACTIONS]
    )
    for permission in permissions:
        for group in permission.group_set.all():
            GroupCollectionPermission.objects.get_or_create(group=group, collection=root, permission=permission)
        permission.group_set.clear()


class Migration(migrations.Migration):
    dependencies = [
        ("wagtail_syndicate", "0006_one_in_flight"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="approved_payload",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="ticked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(from_everywhere_to_the_root, migrations.RunPython.noop),
    ]
