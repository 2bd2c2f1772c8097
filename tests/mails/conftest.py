from tests.accounts.fixtures import script  # noqa: F401 (fixture)
