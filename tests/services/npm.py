"""Packages from npm for tests: installed once, beside the ``package.json`` that names them."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest


def missing(what):
    """Skip, or fail with REQUIRE_SERVICES=1."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(what)
    pytest.skip(what)


def node_for(folder):
    """The path of Node, once the packages of a folder are installed."""
    found = shutil.which("node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout if found else ""
    if not found or int(version.strip().removeprefix("v").partition(".")[0]) < 20 or not shutil.which("npm"):
        missing(f"Node 20 or newer and npm are needed; there is {version.strip() or 'none'}.")
    wanted, installed = folder / "package.json", folder / "node_modules/installed.json"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        command = ["npm", "install", "--no-package-lock", "--no-fund", "--no-audit"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            missing(f"npm could not install the packages of {folder.name}: {done.stderr[-2000:]}")
        installed.write_text(wanted.read_text())
    return found


@contextmanager
def running(node, script, *arguments):
    """A Node process that ends with its standard input."""
    process = subprocess.Popen(
        [node, script, *arguments],
        cwd=script.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(20)
