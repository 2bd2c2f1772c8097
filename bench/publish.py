"""What ticked accounts add to a publication: queries and time, on PostgreSQL. The queries have to be constant.

    pip install -e ".[testing,services]"
    python bench/publish.py [--json FILE] [--rounds N]

Ends with 1 when a hundred accounts cost more queries than one.
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


TICKED = (0, 1, 10, 100)


def publish(page) -> tuple[int, float]:
    """Publish a page in one transaction, as a site with ATOMIC_REQUESTS does.

    :returns: the number of queries, and seconds.
    """
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    revision = page.get_latest_revision()
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        with transaction.atomic():
            revision.publish()
        seconds = time.perf_counter() - began
    return len(queries), seconds


def measure(rounds: int) -> list[dict]:
    from wagtail_syndicate.models import Account, Delivery

    accounts = [
        Account.objects.create(label=f"Account {n}", network="memory", status="connected", handle=f"account{n}")
        for n in range(max(TICKED))
    ]
    found = {number: ([], []) for number in TICKED}
    # One round of each in turn, so that a busy moment of the machine meets all of them; the first one warms up.
    for number in range(-1, rounds):
        for ticked in TICKED:
            title = f"Round {number + 1} with {ticked}"
            page = stage.draft(title, dict.fromkeys(accounts[:ticked], ""))
            queries, seconds = publish(page)
            assert Delivery.objects.filter(page_id=page.pk).count() == ticked
            if number >= 0:
                found[ticked][0].append(queries)
                found[ticked][1].append(seconds)
    none = found[0]
    return [
        {
            "accounts": ticked,
            "queries": max(queries),
            "added_queries": max(queries) - max(none[0]),
            "ms": round(1000 * statistics.median(seconds), 1),
            "added_ms": round(1000 * (statistics.median(seconds) - statistics.median(none[1])), 1),
            "ratio": round(statistics.median(seconds) / statistics.median(none[1]), 2),
        }
        for ticked, (queries, seconds) in found.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with stage.folder() as folder, stage.database("publish") as database:
        broker = stage.broker("redis", "publish")
        stage.set_up_django(database, folder, CELERY_BROKER_URL=broker.url)
        stage.newsroom()
        results = measure(options.rounds)
        from django.db import connection

        connection.close()
        broker.close()
    print(f"{'accounts':>8}{'queries':>9}{'added':>7}{'ms':>8}{'added':>8}{'ratio':>7}")
    for row in results:
        print("{accounts:>8}{queries:>9}{added_queries:>7}{ms:>8}{added_ms:>8}{ratio:>7}".format(**row))
    if options.json:
        report = {"machine": stage.machine(), "rounds": options.rounds, "results": results}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if len({row["queries"] for row in results if row["accounts"]}) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
