"""When something that has to happen again and again happened last."""

from django.db import models


class Heartbeat(models.Model):
    """One row for each thing that repeats. In the database, because whoever asks is another process, often on another
    machine, and a cache may be emptied.
    """

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.name} {self.at}"
