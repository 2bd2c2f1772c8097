import json

import pytest
from cryptography.fernet import Fernet

from wagtail_syndicate.accounts import vault
from wagtail_syndicate.exceptions import ConfigurationError, CredentialsLost


SECRET = {"access_token": "s3cret-token", "refresh_token": "r3fresh"}
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def keys(settings):
    def use(*values):
        settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "KEYS": list(values)}

    return use


def test_what_is_sealed_comes_back_and_cannot_be_read(keys):
    keys(NEW)
    sealed = vault.seal(SECRET)
    assert "s3cret" not in sealed
    assert vault.unseal(sealed) == SECRET


def test_nothing_is_sealed_as_nothing():
    assert vault.seal({}) == ""
    assert vault.unseal("") == {}


def test_another_site_cannot_read_it(keys, settings):
    keys(OLD)
    sealed = vault.seal(SECRET)
    keys(NEW)
    with pytest.raises(CredentialsLost) as lost:
        vault.unseal(sealed)
    assert "s3cret" not in str(lost.value)


def test_a_changed_text_is_not_read(keys):
    keys(NEW)
    sealed = vault.seal(SECRET)
    with pytest.raises(CredentialsLost):
        vault.unseal(sealed[:-6] + "AAAAA=")


def test_old_keys_still_read_and_the_newest_writes(keys):
    keys(OLD)
    sealed = vault.seal(SECRET)
    keys(NEW, OLD)
    assert vault.unseal(sealed) == SECRET
    assert json.loads(Fernet(NEW).decrypt(vault.seal(SECRET).encode())) == SECRET


def test_without_keys_the_secret_key_of_the_site_protects(keys, settings):
    keys()
    sealed = vault.seal(SECRET)
    assert vault.unseal(sealed) == SECRET
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert vault.unseal(sealed) == SECRET
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CredentialsLost):
        vault.unseal(sealed)


def test_a_site_that_gets_keys_of_its_own_loses_nothing(keys):
    keys()
    sealed = vault.seal(SECRET)
    keys(NEW)
    assert vault.unseal(sealed) == SECRET


@pytest.mark.parametrize("wrong", ["short", "", None, 7])
def test_a_wrong_key_is_named_but_not_shown(keys, wrong):
    keys(NEW, wrong)
    with pytest.raises(ConfigurationError, match="Key number 2") as error:
        vault.seal(SECRET)
    assert NEW not in str(error.value)


def test_a_single_key_instead_of_a_list_is_refused(settings):
    settings.WAGTAIL_SYNDICATE = {"KEYS": NEW}
    with pytest.raises(ConfigurationError, match="list"):
        vault.check_keys()
