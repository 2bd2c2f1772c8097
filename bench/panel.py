"""What the panel adds to opening a page in the editor: queries, time and HTML, on PostgreSQL. The queries have to be
constant.

    pip install -e ".[testing,services]"
    python bench/panel.py [--json FILE] [--rounds N]

Ends with 1 when two hundred accounts cost more queries than ten.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import stage  # noqa: E402


ACCOUNTS = (10, 200)
TICKED = 5
"""How many of them are ticked, one with words of its own; all of them in the rows "all ticked"."""
NETWORKS = ("mastodon", "x", "weibo", "vk", "xing", "telegram", "line", "linkedin")


def opened(client, address: str, data=None) -> tuple[int, float, int]:
    """Ask for a page of the admin.

    :returns: the number of queries, seconds, and the bytes of the answer.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        response = client.get(address) if data is None else client.post(address, data)
        seconds = time.perf_counter() - began
    assert response.status_code == 200, response.status_code
    return len(queries), seconds, len(response.content)


def without_panel(function, *arguments):
    """Call a function while no page type has the panel."""
    from sandbox.home.models import NewsPage
    from wagtail_syndicate import conf

    kept = conf.get
    conf.get = lambda name: False if name == "ADD_PANEL" else kept(name)
    NewsPage.get_edit_handler.cache_clear()
    try:
        return function(*arguments)
    finally:
        conf.get = kept
        NewsPage.get_edit_handler.cache_clear()


def measure(rounds: int) -> list[dict]:
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    from wagtail_syndicate.models import Account

    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_superuser("bench"))
    accounts = []
    results = []
    for number in ACCOUNTS:
        while len(accounts) < number:
            n = len(accounts)
            accounts.append(
                Account.objects.create(
                    label=f"Account {n}",
                    network=NETWORKS[n % len(NETWORKS)],
                    host="https://social.example" if n % len(NETWORKS) == 0 else "",
                    status="connected",
                    handle=f"account{n}",
                )
            )
        for name, ticked in (("some ticked", TICKED), ("all ticked", number)):
            wordings = dict.fromkeys(accounts[:ticked], "") | {accounts[0]: "Words of its own."}
            page = stage.draft(f"{number} accounts, {name}", wordings)
            address = reverse("wagtailadmin_pages:edit", args=[page.pk])
            bare, full = [], []
            without_panel(client.get, address)
            client.get(address)
            for _round in range(rounds):
                bare.append(without_panel(opened_after_warming, client, address))
                full.append(opened_after_warming(client, address))
            results.append(row(number, name, bare, full))
    return results


def opened_after_warming(client, address):
    client.get(address)  # the edit handler is built anew after each change of the settings
    return opened(client, address)


def row(number: int, name: str, bare: list, full: list) -> dict:
    median = [[statistics.median(values) for values in zip(*runs, strict=True)] for runs in (bare, full)]
    (queries, seconds, size), (queries_full, seconds_full, size_full) = median
    return {
        "accounts": number,
        "ticks": name,
        "queries": int(queries_full),
        "added_queries": int(queries_full - queries),
        "ms": round(1000 * seconds_full, 1),
        "added_ms": round(1000 * (seconds_full - seconds), 1),
        "kB": round(size_full / 1000),
        "added_kB": round((size_full - size) / 1000),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with stage.folder() as folder, stage.database("panel") as database:
        stage.set_up_django(database, folder, CELERY_BROKER_URL="memory://")
        stage.newsroom()
        results = measure(options.rounds)
        from django.db import connection

        connection.close()
    print(f"{'accounts':>8} {'':12}{'queries':>8}{'added':>7}{'ms':>8}{'added':>8}{'kB':>6}{'added':>7}")
    for one in results:
        text = "{accounts:>8} {ticks:12}{queries:>8}{added_queries:>7}{ms:>8}{added_ms:>8}{kB:>6}{added_kB:>7}"
        print(text.format(**one))
    if options.json:
        report = {"machine": stage.machine(), "rounds": options.rounds, "results": results}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if len({one["added_queries"] for one in results}) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
