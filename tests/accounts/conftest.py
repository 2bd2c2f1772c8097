from tests.accounts.fixtures import fakenet, fakenet_server  # noqa: F401 (fixtures)
