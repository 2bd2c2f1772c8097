"""The conformance kit: what every backend has to stand, ours and other people's. See ``docs/adding-a-network.md``."""

from wagtail_syndicate.testing.conformance import BackendConformance
from wagtail_syndicate.testing.ground import Posted, Refusal
from wagtail_syndicate.testing.server import Captured, Request


__all__ = ["BackendConformance", "Captured", "Posted", "Refusal", "Request"]
