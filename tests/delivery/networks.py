"""Networks of the three kinds: one that knows repeated keys, one that can be read back, one that has neither."""

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.memory import Backend as Memory


class Keyed(Memory):
    name = "keyed"
    find = BaseBackend.find


class ReadBack(Memory):
    name = "read_back"
    key_seconds = 0


class Neither(Memory):
    name = "neither"
    key_seconds = 0
    find = BaseBackend.find


KINDS = {
    name: {"BACKEND": f"tests.delivery.networks.{kind}"}
    for name, kind in (("keyed", "Keyed"), ("read_back", "ReadBack"), ("neither", "Neither"))
}
