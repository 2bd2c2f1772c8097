"""The settings that lead every network to fakenet."""

from wagtail_syndicate.backends import registry


# The keys that fakenet knows the sandbox's apps by, and what else networks need to be told.
OPTIONS = {
    "x": {
        "CLIENT_ID": "fakenet-x-client",
        "CLIENT_SECRET": "fakenet-x-secret",
        "CONSUMER_KEY": "fakenet-x-consumer",
        "CONSUMER_SECRET": "fakenet-x-consumer-secret",
    },
    "weibo": {
        "CLIENT_ID": "3141592653",
        "CLIENT_SECRET": "fakenet-weibo-secret",
        "RIP": "127.0.0.1",
        "BOUND_DOMAINS": ["localhost", "127.0.0.1", "example.org"],
    },
}


def networks_of(fakenet: str) -> dict[str, dict]:
    """``WAGTAIL_SYNDICATE["NETWORKS"]`` for a fakenet at this address: each network's hosts by their roles."""
    return {
        name: {
            "HOSTS": {role: f"{fakenet}/{name}/{role}" for role in registry.get(name).hosts},
            **OPTIONS.get(name, {}),
        }
        for name in registry.built_in()
        if name != "memory"
    }
