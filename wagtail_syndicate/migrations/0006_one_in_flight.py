from django.db import migrations, models
from django.db.models import Count
from django.db.models.functions import Now


def leave_none_in_flight_twice(apps, schema_editor):
    """What crashes left in flight beside another of its account: it may have been sent, and is looked for."""
    deliveries = apps.get_model("wagtail_syndicate", "Delivery").objects.using(schema_editor.connection.alias)
    sending = deliveries.filter(state="sending").exclude(account=None)
    twice = sending.order_by().values_list("account").annotate(number=Count("pk")).filter(number__gt=1)
    accounts = [account for account, _number in twice]
    sending.filter(account__in=accounts).update(state="unknown", reason="interrupted", due_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("wagtail_syndicate", "0005_trust_and_desk"),
    ]

    operations = [
        migrations.RunPython(leave_none_in_flight_twice, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "sending")), fields=("account",), name="syndicate_one_in_flight"
            ),
        ),
    ]
