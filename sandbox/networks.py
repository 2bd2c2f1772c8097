"""The settings that lead every network to fakenet."""

from django.utils.module_loading import import_string

from wagtail_syndicate.backends import registry


# The keys that fakenet knows the sandbox's apps by, and what else networks need to be told.
OPTIONS = {
    "facebook": {"CLIENT_ID": "271828182845904", "CLIENT_SECRET": "fakenet-meta-secret"},
    "threads": {"CLIENT_ID": "271828182845904", "CLIENT_SECRET": "fakenet-meta-secret"},
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
    "ok": {
        "CLIENT_ID": "512000000001",
        "CLIENT_SECRET": "fakenet-ok-secret",
        "APPLICATION_KEY": "FAKENETOKPUBLICKEY",
    },
    "linkedin": {
        "CLIENT_ID": "fakenet-linkedin-client",
        "CLIENT_SECRET": "fakenet-linkedin-secret",
        "ORGANISATION_CLIENT_ID": "fakenet-linkedin-pages",
        "ORGANISATION_CLIENT_SECRET": "fakenet-linkedin-pages-secret",
    },
}


def hosts_of(name: str) -> dict[str, str]:
    # Not through the registry's get(), which looks into the settings that are being made here.
    return import_string(f"wagtail_syndicate.backends.{name}.Backend").hosts


def networks_of(fakenet: str) -> dict[str, dict]:
    """``WAGTAIL_SYNDICATE["NETWORKS"]`` for a fakenet at this address: each network's hosts by their roles."""
    return {
        name: {
            "HOSTS": {role: f"{fakenet}/{name}/{role}" for role in hosts_of(name)},
            **OPTIONS.get(name, {}),
        }
        for name in registry.built_in()
        if name != "memory"
    }
