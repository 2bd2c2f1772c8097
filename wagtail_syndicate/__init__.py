"""Publish a Wagtail page and let every ticked account, on every network, get its own post."""

__version__ = "0.1.0"
