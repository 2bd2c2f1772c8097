"""What tests of accounts need: the networks' imitation, and a person at their consent pages."""

import copy
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.fakenet import serve_in_thread
from tests.accounts import networks


@pytest.fixture(scope="session")
def fakenet_server():
    with serve_in_thread() as server:
        yield server


@pytest.fixture
def fakenet(fakenet_server, settings):
    """A fresh imitation, with the site's settings leading to it."""
    fakenet_server.state.reset()
    ours = copy.deepcopy(settings.WAGTAIL_SYNDICATE)
    for options in ours["NETWORKS"].values():
        for role, address in options.get("HOSTS", {}).items():
            options["HOSTS"][role] = fakenet_server.url + urlsplit(address).path
    ours["ALLOW_LOCAL_HOSTS"] = True
    settings.WAGTAIL_SYNDICATE = ours
    return fakenet_server


@pytest.fixture
def script(settings, monkeypatch):
    """What the networks of ``tests.accounts.networks`` do, which are among the site's settings now."""
    script = networks.Script()
    monkeypatch.setattr(networks.Scripted, "script", script)
    settings.WAGTAIL_SYNDICATE = {
        **settings.WAGTAIL_SYNDICATE,
        "NETWORKS": {**settings.WAGTAIL_SYNDICATE["NETWORKS"], **copy.deepcopy(networks.NETWORKS)},
    }
    return script


@pytest.fixture
def pages(fakenet, script, settings):
    """X's consent with several pages behind it, under X's name in the settings."""
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"] |= {
        "BACKEND": f"{networks.__name__}.Pages",
        "CONFIG_ID": "config-of-pages",
    }
    script.targets = [networks.OURS, networks.THEIRS]
    return script


def consent(address, decision="allow", handle="newsroom"):
    """What a person does at a network's consent page.

    :returns: the parameters that the network sends back, and the address that it sends them to.
    """
    page = requests.get(address, timeout=10, allow_redirects=False)
    assert page.status_code == 200, page.text
    answer = requests.post(address, data={"decision": decision, "handle": handle}, timeout=10, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["Location"])
    return {name: values[0] for name, values in parse_qs(target.query).items()}, target._replace(query="").geturl()


def secrets_of(state) -> list[str]:
    """All the keys that the imitation has given out."""
    return [value for token in state.tokens.values() for value in (token.value, token.secret) if value]


def order(fakenet, network, operation, kind, **more):
    """Let the imitation misbehave once."""
    body = {"network": network, "operation": operation, "kind": kind, **more}
    assert requests.post(f"{fakenet.url}/_fakenet/faults", json=body, timeout=10).status_code == 201
