"""The three processes of the sandbox: fakenet, the site, and a Celery worker with the sweep."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from django.conf import settings


ROOT = Path(settings.BASE_DIR).parent
STARTUP = 60  # seconds


class DidNotStart(Exception):
    """A process ended, or did not answer in time; the message holds the end of its log."""


@dataclass(frozen=True)
class Stage:
    """What is running: addresses without a slash at the end, and where the logs are."""

    site: str
    fakenet: str
    logs: Path


def free_port(wanted: int) -> int:
    """``wanted`` when nobody listens there, else any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def addresses() -> tuple[str, str]:
    """Where the site and fakenet are going to be: the settings' addresses, or free ports near them."""
    site, fakenet = urlsplit(settings.SANDBOX_URL), urlsplit(settings.FAKENET)
    return (
        f"{site.scheme}://{site.hostname}:{free_port(site.port or 8000)}",
        f"{fakenet.scheme}://{fakenet.hostname}:{free_port(fakenet.port or 8900)}",
    )


@contextmanager
def running(site: str, fakenet: str):
    """Start everything, and stop it at the end of the ``with`` block.

    :raises DidNotStart: one of the processes does not come up.
    """
    logs = Path(settings.VAR_DIR) / "logs"
    logs.mkdir(exist_ok=True)
    environment = {**os.environ, "SANDBOX_URL": site, "FAKENET_URL": fakenet, "PYTHONUNBUFFERED": "1"}
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
    celery = [sys.executable, "-m", "celery", "-A", "sandbox", "worker", "--beat", "--pool", "threads"]
    commands = {
        "fakenet": [
            *[sys.executable, "-m", "sandbox.fakenet", "--port", str(urlsplit(fakenet).port)],
            *["--state", str(Path(settings.VAR_DIR) / "fakenet.pickle")],
        ],
        "site": [*manage, "runserver", "--noreload", f"127.0.0.1:{urlsplit(site).port}"],
        "worker": [*celery, "--concurrency", "4", "--loglevel", "INFO"],
    }
    processes = {}
    try:
        for name, command in commands.items():
            with (logs / f"{name}.log").open("wb") as log:
                processes[name] = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
                )
        stage = Stage(site, fakenet, logs)
        _wait(f"{fakenet}/_fakenet/health", processes["fakenet"], logs / "fakenet.log")
        _wait(f"{site}/admin/login/", processes["site"], logs / "site.log")
        yield stage
    finally:
        for process in reversed(processes.values()):
            process.terminate()
        for process in processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + STARTUP
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise DidNotStart(f"{log.stem} did not start. The end of {log}:\n{tail}")
