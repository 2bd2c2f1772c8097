from tests.accounts.fixtures import fakenet, fakenet_server, pages, script  # noqa: F401 (fixtures)
from tests.delivery.conftest import rung  # noqa: F401 (fixture)
