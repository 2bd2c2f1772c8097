"""The clock of leases and due times: the database's (``models.clock``)."""

from wagtail_syndicate.models.clock import DatabaseNow


__all__ = ["DatabaseNow"]
