"""What the sandbox reads from environment variables, turned into Django's and Celery's settings."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox import broker


ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
}


def sqlite(name):
    """Return the ``DATABASES`` entry for a SQLite file that a web server and workers share.

    :param name: path of the file, or ``":memory:"``.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(name),
        "OPTIONS": {
            "timeout": 20,  # seconds
            # A transaction that reads first and writes later would fail at once on a locked database, without waiting.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def database(url):
    """Return the ``DATABASES`` entry for an address such as ``postgres://user:password@host:5432/name``.

    ``sqlite:///file`` is relative to the working directory, ``sqlite:////file`` absolute; ``sqlite://:memory:`` lives
    in memory. Parameters after ``?`` become ``OPTIONS``. Raises ``ValueError`` for an unknown scheme.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return sqlite(unquote(rest.removeprefix("/")))
    if scheme not in ENGINES:
        raise ValueError(f"DATABASE_URL starts with “{scheme}”; the sandbox knows {', '.join(['sqlite', *ENGINES])}.")
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if ENGINES[scheme].endswith("mysql"):
        options.setdefault("charset", "utf8mb4")
    return {
        "ENGINE": ENGINES[scheme],
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def broker_options(url, folder):
    """Return Celery's ``broker_transport_options`` for a broker.

    :param url: address of the broker. ``filesystem://`` needs no server: messages are files.
    :param folder: where those files go; it is created when the broker is the file system.
    """
    scheme = url.partition("://")[0]
    if scheme == "filesystem":
        broker.register()
        messages, control = Path(folder, "messages"), Path(folder, "control")
        for path in (messages, control):
            path.mkdir(parents=True, exist_ok=True)
        return {"data_folder_in": str(messages), "data_folder_out": str(messages), "control_folder": str(control)}
    if scheme in ("redis", "rediss"):
        # A broker that accepts connections and then says nothing must not hold an editor's click.
        return {"socket_timeout": 1, "socket_connect_timeout": 1}  # seconds
    return {}
