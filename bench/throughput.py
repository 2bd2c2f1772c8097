"""How fast it delivers: deliveries per second beside the same POSTs from a bare Celery task and from a raw HTTP loop.

One, eight and 64 accounts in flight against a server that answers after 100 ms; real workers (prefork and threads) as
wide as that, Redis and RabbitMQ, PostgreSQL. Everything that is compared runs one after the other on the same machine:
read the ratios.

    pip install -e ".[testing,services]"
    python bench/throughput.py [--json FILE] [--broker redis|rabbitmq|both] [--pool prefork|threads|both]
                               [--in-flight N ...] [--delay MILLISECONDS] [--profile]

Ours: the deliveries of as many publications as there are posts per account, each rung for once, as publishing does.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import stage  # noqa: E402


IN_FLIGHT = (1, 8, 64)
DELAY = 100  # milliseconds, unless the command line says another time
POSTS = {1: 40, 8: 30, 64: 12}  # by account
SWEEP = 15  # seconds, as Celery beat rings by default
GIVE_UP = 120  # seconds without a post
TEXT = (
    "New sensors measure the river every minute, and everybody may read what they measure. http://localhost/sensors/"
)


class Bench:
    def __init__(self, server: str, folder: Path):
        self.server, self.folder = server, folder

    def counts(self) -> dict:
        import requests

        return requests.get(self.server, timeout=10).json()

    # The three ways

    def raw(self, width: int, posts: int) -> dict:
        """A loop of requests in each of as many threads."""
        import requests

        def loop():
            with requests.Session() as session:
                session.trust_env = False
                for _ in range(posts):
                    session.post(f"{self.server}/posts", json={"text": TEXT, "key": "raw"}, timeout=20)

        threads = [threading.Thread(target=loop) for _ in range(width)]
        self.counts()
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.figures(width * posts, time.monotonic() - began)

    def bare(self, app, width: int, posts: int) -> dict:
        """As many tasks that are one POST each. They are in the queue before the clock starts."""
        app.control.cancel_consumer("bench", reply=True, timeout=5)
        for _ in range(width * posts):
            app.send_task("bench.bare", (f"{self.server}/posts", {"text": TEXT, "key": "bare"}), queue="bench")
        self.counts()
        began = time.monotonic()
        app.control.add_consumer("bench")
        return self.figures(width * posts, self.wait(began, lambda: self.posted >= width * posts))

    def ours(self, app, accounts, posts: int) -> dict:
        """The deliveries of ``posts`` pages to ``accounts``, planned before the clock starts."""
        from wagtail_syndicate.models import Delivery

        self.plan(accounts, posts)
        waiting = Delivery.objects.filter(account__in=accounts).exclude(state="sent")
        number = waiting.count()
        self.counts()
        began = time.monotonic()
        self.make_due(waiting)
        for _ in range(posts):
            app.send_task("wagtail_syndicate.drain", queue="syndicate-bench", expires=60)
        # The database is asked when the network has them all: its processors are the workers' as well.
        seconds = self.wait(began, lambda: self.posted >= number and not waiting.exists(), lambda: self.sweep(app))
        found = self.figures(number, seconds)
        left = Counter(waiting.values_list("state", flat=True))
        return {**found, "left": dict(left)} if left else found

    # How

    def plan(self, accounts, posts: int) -> None:
        from django.db import transaction
        from django.utils import timezone

        from wagtail_syndicate.models import Delivery

        for _ in range(posts):
            page = self.pages.pop()
            due = timezone.now() + timedelta(days=1)
            with transaction.atomic():
                Delivery.objects.bulk_create(
                    Delivery(
                        page_id=page.pk,
                        account=account,
                        page_title=page.title,
                        account_label=account.label,
                        network=account.network,
                        language="en",
                        wording=TEXT,
                        due_at=due,
                        expires_at=due + timedelta(days=1),
                    )
                    for account in accounts
                )

    def make_due(self, deliveries) -> None:
        from wagtail_syndicate.delivery.clock import DatabaseNow

        deliveries.update(due_at=DatabaseNow())

    def sweep(self, app) -> None:
        app.send_task("wagtail_syndicate.sweep", queue="syndicate-bench", expires=60)

    def wait(self, began: float, done, sweep=lambda: None) -> float:
        """Until ``done`` says so, or nothing was posted for a long time; the seconds since ``began``."""
        self.posted, last, since, swept = 0, 0, time.monotonic(), began
        self.last_counts = Counter()
        while not done():
            time.sleep(0.05)
            if time.monotonic() - swept > SWEEP:
                sweep()
                swept = time.monotonic()
            for name, value in self.counts().items():
                self.last_counts[name] = (
                    max(self.last_counts[name], value) if name == "most_at_once" else (self.last_counts[name] + value)
                )
            self.posted = self.last_counts["posts"]
            if self.posted != last:
                last, since = self.posted, time.monotonic()
            elif time.monotonic() - since > GIVE_UP:
                break
        return time.monotonic() - began

    def figures(self, number: int, seconds: float) -> dict:
        counts = Counter(getattr(self, "last_counts", {})) + Counter(self.counts())
        self.last_counts = {}
        return {
            "posts": number,
            "seconds": round(seconds, 2),
            "per_second": round(number / seconds, 1),
            "connections": counts["connections"],
            "most_at_once": counts["most_at_once"],
        }

    def queries(self, account) -> dict:
        """What one delivery more costs in queries: by type, between one and eleven in one lane."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from wagtail_syndicate.delivery.send import drain
        from wagtail_syndicate.models import Delivery

        found = []
        for posts in (1, 11):
            self.plan([account], posts)
            self.make_due(Delivery.objects.filter(account=account, state="waiting"))
            with CaptureQueriesContext(connection) as queries:
                assert drain() == posts
            found.append(Counter(kind_of(query["sql"]) for query in queries))
        more = found[1] - found[0]
        return {
            "first": sum(found[0].values()),
            "each_more": round(sum(more.values()) / 10, 1),
            "statements": {statement: round(times / 10, 1) for statement, times in more.most_common()},
        }

    def queries_together(self, accounts) -> float:
        """What a delivery costs in queries where ``accounts`` are served at the same time."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from wagtail_syndicate.delivery.send import drain
        from wagtail_syndicate.models import Delivery

        self.plan(accounts, 4)
        self.make_due(Delivery.objects.filter(account__in=accounts, state="waiting"))
        with CaptureQueriesContext(connection) as queries:
            number = drain()
        assert number == 4 * len(accounts)
        return round(len(queries) / number, 1)

    def cpu(self, account) -> dict:
        """Milliseconds of this process's CPU time: a delivery, a bare POST; the database's is not in it."""
        from bench.tasks import bare_task
        from wagtail_syndicate.delivery.send import drain
        from wagtail_syndicate.models import Delivery

        number = 30
        self.plan([account], number)
        self.make_due(Delivery.objects.filter(account=account, state="waiting"))
        began = time.process_time()
        assert drain() == number
        ours = time.process_time() - began
        began = time.process_time()
        for _ in range(number):
            bare_task(f"{self.server}/posts", {"text": TEXT, "key": "bare"})
        bare = time.process_time() - began
        return {"ours": round(1000 * ours / number, 2), "bare": round(1000 * bare / number, 2)}

    def profile(self, account) -> str:
        """Where the time of a delivery goes, the network's left out."""
        import cProfile
        import io
        import pstats

        from wagtail_syndicate.delivery.send import drain
        from wagtail_syndicate.models import Delivery

        self.plan([account], 50)
        self.make_due(Delivery.objects.filter(account=account, state="waiting"))
        profile = cProfile.Profile()
        profile.runcall(drain)
        told = io.StringIO()
        pstats.Stats(profile, stream=told).sort_stats("cumulative").print_stats(60)
        return told.getvalue()


def kind_of(sql: str) -> str:
    """A statement without its values: what it does to which table."""
    words = sql.replace('"', "").split()
    verb = words[0].upper()
    if verb == "SELECT":
        return f"SELECT {words[words.index('FROM') + 1]}" if "FROM" in words else "SELECT"
    if verb in ("INSERT", "DELETE"):
        return f"{verb} {words[2]}"
    return f"{verb} {words[1]}" if verb == "UPDATE" else verb


def run(options, folder: Path, database: str, server: str) -> dict:
    from celery import Celery

    from wagtail_syndicate.accounts import vault
    from wagtail_syndicate.models import Account

    bench = Bench(server, folder)
    stage.newsroom()
    accounts = [
        Account.objects.create(
            label=f"Account {n}",
            network="bench",
            status="connected",
            handle=f"account{n}",
            auth_method="pasted",
            sealed_credentials=vault.seal({"access_token": "bench"}),
        )
        for n in range(max(IN_FLIGHT))
    ]
    widths = options.in_flight
    needed = len(options.brokers) * len(options.pools) * sum(POSTS[width] + 2 for width in widths) + 12 + 50 + 30 + 4
    bench.pages = []
    for number in range(needed):
        page = stage.draft(f"Sensors, part {number}", {})
        page.get_latest_revision().publish()
        bench.pages.append(page)
    queries = bench.queries(accounts[0])
    queries["together"] = bench.queries_together(accounts[:32])
    cpu = bench.cpu(accounts[0])
    if options.profile:
        print(bench.profile(accounts[0]))
    rows = [{"way": "raw", "in_flight": width, **bench.raw(width, POSTS[width])} for width in widths]
    for name in options.brokers:
        broker = stage.broker(name, "throughput")
        app = Celery("bench", broker=broker.url, set_as_current=False)
        for pool in options.pools:
            for width in widths:
                worker = stage.Process(
                    f"{name}-{pool}-{width}",
                    stage.worker_command(pool, width, "syndicate-bench,bench", pool),
                    {"CELERY_BROKER_URL": broker.url},
                    folder,
                )
                try:
                    worker.wait_until_ready()
                    chosen, posts = accounts[:width], POSTS[width]
                    bench.ours(app, chosen, 1)  # what a process loads for its first post is not measured
                    bare = bench.bare(app, width, posts)
                    ours = bench.ours(app, chosen, posts)
                    alone = bench.ours(app, chosen, 1)  # a single publication that goes to all of them: one bell
                finally:
                    worker.stop()
                for way, figures in (("bare", bare), ("ours", ours), ("ours, one page", alone)):
                    rows.append({"way": way, "broker": name, "pool": pool, "in_flight": width, **figures})
                    print(rows[-1], file=sys.stderr, flush=True)
        broker.close()
    return {"queries": queries, "cpu_ms": cpu, "rows": rows}


def table(rows: list[dict]) -> str:
    raw = {row["in_flight"]: row["per_second"] for row in rows if row["way"] == "raw"}
    lines = [
        f"{'broker':10}{'pool':9}{'in flight':>9}{'raw/s':>8}{'bare/s':>8}{'ours/s':>8}"
        f"{'ours:bare':>11}{'ours:raw':>10}{'connections':>13}{'one page/s':>12}"
    ]
    cells = {(row.get("broker"), row.get("pool"), row["in_flight"], row["way"]): row for row in rows}
    for (broker, pool, width, way), row in cells.items():
        if way == "ours":
            bare = cells[broker, pool, width, "bare"]["per_second"]
            ours, alone = row["per_second"], cells[broker, pool, width, "ours, one page"]["per_second"]
            lines.append(
                f"{broker:10}{pool:9}{width:>9}{raw[width]:>8}{bare:>8}{ours:>8}{ours / bare:>11.2f}"
                f"{ours / raw[width]:>10.2f}{row['connections']:>13}{alone:>12}"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--broker", choices=(*stage.BROKERS, "both"), default="both")
    parser.add_argument("--pool", choices=("prefork", "threads", "both"), default="both")
    parser.add_argument("--in-flight", type=int, nargs="+", choices=IN_FLIGHT, default=IN_FLIGHT)
    parser.add_argument("--delay", type=int, default=DELAY, help="milliseconds until an answer (default: 100)")
    parser.add_argument("--profile", action="store_true", help="show where the time of a delivery goes")
    options = parser.parse_args()
    options.brokers = list(stage.BROKERS) if options.broker == "both" else [options.broker]
    options.pools = ["prefork", "threads"] if options.pool == "both" else [options.pool]
    began = time.monotonic()
    with stage.folder() as folder, stage.database("throughput") as database:
        server = stage.Process("server", [sys.executable, "bench/server.py", str(options.delay)], {}, folder)
        try:
            address = server.address()
            # A bare task says nothing either.
            stage.set_up_django(database, folder, BENCH_NETWORK=address, BENCH_LOG_LEVEL="WARNING")
            report = {"machine": stage.machine(), **run(options, folder, database, address)}
        finally:
            server.stop()
            from django.db import connection

            connection.close()
    report["seconds"] = round(time.monotonic() - began)
    print(table(report["rows"]))
    queries = report["queries"]
    print(f"Queries: {queries['each_more']} for each delivery more of one account, {queries['first']} for one alone,")
    print(f"{queries['together']} for each where 32 accounts are served together.")
    for statement, times in queries["statements"].items():
        print(f"  {times:>5}  {statement}")
    print("CPU without the database's: {ours} ms a delivery, {bare} ms a bare POST.".format(**report["cpu_ms"]))
    print(f"{report['seconds']} s")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
