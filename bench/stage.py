"""What the benches of delivery share: a database and a broker of their own, processes, and proxies that can be cut.

PostgreSQL, Redis and RabbitMQ are looked for on loopback; ``BENCH_POSTGRES``, ``BENCH_REDIS`` and ``BENCH_RABBITMQ``
name others. Nothing but databases, queues and virtual hosts made here is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [entry for entry in (str(ROOT),) if entry not in sys.path]

from bench.apps import READY  # noqa: E402


POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
BROKERS = {
    "redis": os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379"),
    "rabbitmq": os.environ.get("BENCH_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//"),
}
DATABASES = {"chaos": 9, "throughput": 10, "publish": 11}  # of Redis, for benches that run at the same time


# Addresses


def port_of(url: str) -> int:
    return urlsplit(url).port


def via(url: str, port: int, path: str | None = None) -> str:
    """``url`` at another port of loopback, and with another path when one is given."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    netloc = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
    return urlunsplit(parts._replace(netloc=netloc, path=parts.path if path is None else path))


# The database


@contextlib.contextmanager
def database(name: str):
    """A PostgreSQL database for the length of a ``with`` block; yields its address."""
    import psycopg

    name = f"syndicate_{name}_{os.getpid()}"
    with psycopg.connect(POSTGRES.replace("postgres://", "postgresql://"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield via(POSTGRES, port_of(POSTGRES), f"/{name}")
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def set_up_django(database_url: str, folder: Path, **environment: str) -> None:
    """Django in this process, with an empty, migrated database."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="bench.settings",
        DATABASE_URL=database_url,
        SANDBOX_VAR=str(folder),
        SANDBOX_DEBUG="0",
        **environment,
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


# Brokers


class Redis:
    """A Redis database of our own."""

    name = "redis"

    def __init__(self, bench: str):
        import redis

        self.url = via(BROKERS["redis"], port_of(BROKERS["redis"]), f"/{DATABASES[bench]}")
        self._client = redis.Redis.from_url(self.url)
        self.flush()

    def flush(self):
        """Lose every message and every queue."""
        self._client.flushdb()

    def waiting(self) -> int:
        """Messages that nobody has finished."""
        return sum(self._client.llen(queue) for queue in ("bench", "syndicate-bench")) + self._client.hlen("unacked")

    def close(self):
        self.flush()
        self._client.close()


class RabbitMQ:
    """A virtual host of our own where ``rabbitmqctl`` may make one, else queues of our own."""

    name = "rabbitmq"

    def __init__(self, bench: str):
        url, self._vhost = BROKERS["rabbitmq"], f"syndicate-{bench}"
        self._own = shutil.which("rabbitmqctl") is not None and self._make(urlsplit(url).username or "guest")
        self.url = via(url, port_of(url), f"/{self._vhost}") if self._own else url

    def _make(self, user: str) -> bool:
        _rabbitmqctl("delete_vhost", self._vhost)
        allowed = ("set_permissions", "-p", self._vhost, user, ".*", ".*", ".*")
        return _rabbitmqctl("add_vhost", self._vhost) and _rabbitmqctl(*allowed)

    def flush(self):
        """Lose every message, every queue and, with a virtual host of our own, every connection."""
        if self._own:
            self._make(urlsplit(self.url).username or "guest")
        else:
            self._on_queues(lambda queue: queue.delete())

    def waiting(self) -> int:
        """Messages that nobody has begun."""
        counts = []
        self._on_queues(lambda queue: counts.append(queue.queue_declare(passive=True).message_count))
        return sum(counts)

    def _on_queues(self, what):
        from kombu import Connection, Queue

        for name in ("bench", "syndicate-bench"):
            with contextlib.suppress(Exception), Connection(self.url, connect_timeout=5) as connection:
                what(Queue(name, channel=connection.channel()))

    def close(self):
        if self._own:
            _rabbitmqctl("delete_vhost", self._vhost)
        else:
            self.flush()


def _rabbitmqctl(*arguments: str) -> bool:
    return subprocess.run(["rabbitmqctl", "-q", *arguments], capture_output=True, timeout=60).returncode == 0


def broker(name: str, bench: str) -> Redis | RabbitMQ:
    """The broker of this name, empty, for a bench alone."""
    return {"redis": Redis, "rabbitmq": RabbitMQ}[name](bench)


# Connections that break


class Proxy:
    """A TCP proxy on loopback whose connections can be cut, refused or frozen."""

    _loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, port: int):
        self.target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing: asyncio.Event | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if Proxy._loop is None:
            Proxy._loop = asyncio.new_event_loop()
            threading.Thread(target=Proxy._loop.run_forever, daemon=True).start()
        self._do(self._open())

    def cut(self) -> None:
        """Reset every connection."""
        self._do(self._cut())

    def refuse(self, seconds: float) -> None:
        """Reset every connection and refuse new ones for a while."""
        self._do(self._close())
        time.sleep(seconds)
        self._do(self._open())

    def freeze(self, seconds: float) -> None:
        """Take connections and bytes, and pass nothing on for a while."""
        self._do(self._flow(False))
        time.sleep(seconds)
        self._do(self._flow(True))

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, Proxy._loop).result(30)

    async def _flow(self, on: bool):
        (self._flowing.set if on else self._flowing.clear)()

    async def _open(self):
        if self._flowing is None:
            self._flowing = asyncio.Event()
            self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _close(self):
        self._server.close()
        await self._cut()

    async def _cut(self):
        for writer in list(self._writers):
            # Closing without lingering sends a reset.
            with contextlib.suppress(OSError, AttributeError):
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        for each in (writer, far_writer):
            self._writers.add(each)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)
        for each in (writer, far_writer):
            self._writers.discard(each)
            each.close()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                if writer.can_write_eof():
                    writer.write_eof()


# Processes


class Process:
    """A subprocess with a group and a log of its own, which is started again whenever it is found dead."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path):
        self.name, self._command, self._environment = name, command, environment
        self._log = (folder / f"{name}.log").open("ab")
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        self._begins, self._ready_at = Path(self._log.name).stat().st_size, 0.0
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, **self._environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def is_finished(self) -> bool:
        """Whether it ended by itself, having done all it was started for."""
        return self._process.poll() == 0

    def is_ready(self, since: float = 0.0) -> bool:
        """Whether it is a worker that takes tasks, seen so ``since`` seconds ago at the latest."""
        log = Path(self._log.name)
        if not self.is_alive() or READY not in log.read_bytes()[self._begins :].decode(errors="replace"):
            return False
        self._ready_at = self._ready_at or time.monotonic()
        return time.monotonic() - self._ready_at >= since

    def wait_until_ready(self, patience: float = 120) -> None:
        """Until it takes tasks."""
        until = time.monotonic() + patience
        while not self.is_ready():
            if time.monotonic() > until or not self.is_alive():
                raise RuntimeError(f"{self.name} does not start: {Path(self._log.name).read_text()[-2000:]}")
            time.sleep(0.1)

    def address(self, patience: float = 120) -> str:
        """The address that a server printed, once it has; libraries may have had warnings to print before."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if found := re.search(r"^http\S+$(?=\n)", Path(self._log.name).read_text(), re.MULTILINE):
                return found[0]
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} says nothing: {Path(self._log.name).read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL for the process and its children."""
        self.signal(signal.SIGKILL)
        self._process.wait(20)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill_a_child(self) -> None:
        """SIGKILL for one child, say a process of a worker's pool; for the whole when it has none."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        numbers = children.read_text().split() if children.exists() else []
        if numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(numbers[-1]), signal.SIGKILL)
        else:
            self.kill()

    def stop(self, patience: float = 20) -> None:
        """A warm stop, then a kill."""
        if self._log.closed:
            return
        self.signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        self.kill()
        self._log.close()


def worker_command(pool: str, concurrency: int, queues: str, name: str) -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", "sandbox", "worker", "--pool", pool),
        *("--concurrency", str(concurrency), "--queues", queues, "--hostname", f"{name}@bench"),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    ]


def beat_command() -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", "sandbox", "beat", "--scheduler", "celery.beat:Scheduler"),
        *("--pidfile", "", "--loglevel", "WARNING"),
    ]


@contextlib.contextmanager
def folder():
    """A folder for logs and files; kept with ``BENCH_KEEP=1``. From now on SIGTERM cleans up as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path = Path(tempfile.mkdtemp(prefix="syndicate-bench-"))
    try:
        yield path
    finally:
        if os.environ.get("BENCH_KEEP") == "1":
            print(f"Logs are in {path}.", file=sys.stderr)
        else:
            shutil.rmtree(path, ignore_errors=True)


def machine() -> dict:
    """What the figures were taken on."""
    import platform

    import celery
    import django
    import wagtail

    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "django": django.__version__,
        "wagtail": wagtail.__version__,
        "celery": celery.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


# A news site


def newsroom() -> None:
    """A site with a home page, as far as pages need one."""
    from wagtail.models import Locale, Page, Site

    from sandbox.home.models import HomePage

    Site.objects.all().delete()
    locale, _made = Locale.objects.get_or_create(language_code="en")
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="Home", slug="newsroom", live=True, locale=locale))
    Site.objects.create(is_default_site=True, hostname="localhost", port=8000, root_page=home)


def user():
    """An admin."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="bench", is_superuser=True, is_staff=True)[0]


def picture():
    """A picture with a description."""
    from wagtail.images import get_image_model
    from wagtail.images.tests.utils import get_test_image_file
    from wagtail.models import Collection

    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    return get_image_model().objects.create(title="River", description="A river", file=get_test_image_file())


def draft(title: str, ticks: dict, image=None):
    """A draft of a news page with ``ticks``: wordings by account."""
    import datetime

    from wagtail.models import Site

    from sandbox.home.models import NewsPage
    from wagtail_syndicate.models import Target, set_targets

    home = Site.objects.get(is_default_site=True).root_page
    page = NewsPage(
        title=title,
        intro="New sensors have been measuring the river since Monday.",
        body="<p>New sensors have been measuring the river since Monday. The data is open.</p>",
        date=datetime.date(2026, 11, 5),
        live=False,
        lead_image=image,
    )
    home.add_child(instance=page)
    set_targets(page, [Target(account.pk, wording) for account, wording in ticks.items()])
    page.save_revision()
    return page
