import pytest

from tests.accounts.fixtures import fakenet, fakenet_server, pages, script  # noqa: F401 (fixtures)
from tests.delivery.conftest import rung  # noqa: F401 (fixture)
from tests.factories import AccountFactory, root_collection, site_root


@pytest.fixture
def beijing():
    """A collection with an account of its own."""
    site_root()
    return root_collection().add_child(name="Beijing")


@pytest.fixture
def ours(beijing):
    return AccountFactory(collection=beijing, label="Weibo of Beijing", network="memory")


@pytest.fixture
def theirs():
    site_root()
    return AccountFactory(collection=root_collection().add_child(name="Paris"), label="Mastodon of Paris")
