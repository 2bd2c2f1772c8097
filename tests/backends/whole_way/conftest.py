"""Nobody waits here for what networks take their time for."""

import pytest

from wagtail_syndicate.backends import linkedin, wechat


@pytest.fixture(autouse=True)
def no_naps(monkeypatch):
    for backend in (linkedin.Backend, wechat.Backend):
        monkeypatch.setattr(backend, "sleep", staticmethod(lambda seconds: None))
