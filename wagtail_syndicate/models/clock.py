"""One clock for leases and due times: the database's, so that servers whose clocks differ still agree."""

from django.db.models.functions import Now


class DatabaseNow(Now):
    """The database's present moment, in UTC.

    Django's ``Now`` is the session's local time on MySQL and MariaDB, while stored times are UTC.
    """

    def as_mysql(self, compiler, connection, **extra_context):
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra_context)
