"""Environment variables become settings."""

import pytest

from sandbox import environment


def test_a_postgresql_address():
    entry = environment.database("postgres://wag%40tail:p%2Fw@db.example:5433/news?sslmode=require")
    assert entry == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "news",
        "USER": "wag@tail",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_mysql_address_gets_all_of_unicode():
    entry = environment.database("mysql://root@127.0.0.1/news")
    assert entry["ENGINE"] == "django.db.backends.mysql"
    assert (entry["USER"], entry["PASSWORD"], entry["PORT"]) == ("root", "", "")
    assert entry["OPTIONS"] == {"charset": "utf8mb4"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////srv/news.sqlite3", "/srv/news.sqlite3"),
        ("sqlite:///news.sqlite3", "news.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_a_sqlite_address(url, name):
    entry = environment.database(url)
    assert entry["NAME"] == name
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert entry["OPTIONS"]["timeout"] == 20


def test_an_unknown_database_is_refused_by_name():
    with pytest.raises(ValueError, match="oracle"):
        environment.database("oracle://db.example/news")


def test_the_file_system_broker_finds_its_folders(tmp_path):
    options = environment.broker_options("filesystem://", tmp_path / "broker")
    assert options["data_folder_in"] == options["data_folder_out"]
    for folder in ("messages", "control"):
        assert (tmp_path / "broker" / folder).is_dir()


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_silent_redis_does_not_hold_a_publisher(tmp_path, scheme):
    options = environment.broker_options(f"{scheme}://127.0.0.1:6379/0", tmp_path / "broker")
    assert options == {"socket_timeout": 1, "socket_connect_timeout": 1}
    assert not (tmp_path / "broker").exists()
