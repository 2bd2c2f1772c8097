"""The sandbox as people meet it: migrated, filled, its three processes running, its accounts connected."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import requests
from django.conf import settings

from sandbox.stage import accounts
from sandbox.stage.browser import Browser
from sandbox.stage.processes import Stage, addresses, running


FROM_OUTSIDE = ("DATABASE_URL", "CELERY_BROKER_URL", "SANDBOX_DEBUG")


@contextmanager
def live_sandbox():
    """Run a sandbox in the folder of Django's current settings, with all its accounts connected.

    Yields the ``Stage``: the addresses of the site and of fakenet. Raises ``subprocess.CalledProcessError``,
    ``DidNotStart`` or ``Surprise`` when it does not come up.
    """
    site, fakenet = addresses()
    environment = {
        "DJANGO_SETTINGS_MODULE": "sandbox.settings",
        "SANDBOX_VAR": str(settings.VAR_DIR),
        "SANDBOX_URL": site,
        "FAKENET_URL": fakenet,
    }
    with mock.patch.dict(os.environ, environment):
        for name in FROM_OUTSIDE:
            os.environ.pop(name, None)
        for command in (["migrate", "--verbosity", "0"], ["load_sandbox"]):
            manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *command]
            subprocess.run(manage, check=True, stdout=subprocess.DEVNULL)
        with running(site, fakenet) as stage:
            admin = Browser()
            admin.login(stage.site, "siteadmin", "siteadmin-sandbox")
            for plan in accounts.PLANS:
                accounts.add(admin, stage, plan)
            yield stage


def in_sandbox(call: str) -> str:
    """Call a function of ``tests.e2e.cast`` in a process of the running sandbox, like ``"drafts()"``.

    Returns what it printed. Raises ``subprocess.CalledProcessError`` when it fails.
    """
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "shell", "--no-imports"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "sandbox.settings", "SANDBOX_VAR": str(settings.VAR_DIR)}
    command = [*manage, "-c", f"from tests.e2e import cast; cast.{call}"]
    return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout


class Networks:
    """What the networks received, and what they shall do wrong: fakenet's control API."""

    def __init__(self, stage: Stage):
        self.address = f"{stage.fakenet}/_fakenet"

    def posts(self, network: str, handle: str = "") -> list[dict]:
        """The posts of one account, or of all of the network, in the order they came."""
        wanted = {"network": network, "handle": handle} if handle else {"network": network}
        found = requests.get(f"{self.address}/posts", params=wanted, timeout=10)
        found.raise_for_status()
        return found.json()

    def written(self) -> list[dict]:
        """Every request to post, change or delete something, or to take a picture, in the order they came."""
        lines = requests.get(f"{self.address}/log", timeout=10)
        lines.raise_for_status()
        return [line for line in lines.json() if line["operation"] in ("upload", "publish", "update", "delete")]

    def fail(self, network: str, kind: str, **details) -> None:
        """Let the next post there go wrong; ``details`` are fields of ``sandbox.fakenet.faults.Fault``."""
        order = {"network": network, "operation": "publish", "kind": kind, **details}
        requests.post(f"{self.address}/faults", json=order, timeout=10).raise_for_status()

    def revoke(self, network: str, handle: str) -> None:
        """Let the owner of the account withdraw the access."""
        requests.post(f"{self.address}/accounts/{network}/{handle}/revoke", timeout=10).raise_for_status()

    def recover(self) -> None:
        """Take back every fault that has not struck."""
        requests.delete(f"{self.address}/faults", timeout=10).raise_for_status()
