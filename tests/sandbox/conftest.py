"""The sandbox's content, loaded once for all tests of a module; what a test changes is rolled back after it."""

import pytest
from django.core.management import call_command
from django.db import transaction

from sandbox.home.models import ArticlePage


@pytest.fixture(scope="module")
def loaded_module(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_sandbox", verbosity=0)
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def published_module(loaded_module, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        for article in all_articles():
            article.get_latest_revision().publish()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loaded_module, db):
    """Every article of the sandbox, as the loader left it."""
    return all_articles()


@pytest.fixture
def published(published_module, db):
    """Every article of the sandbox, published."""
    return all_articles()


def all_articles():
    return [article for model in ArticlePage.__subclasses__() for article in model.objects.all()]
