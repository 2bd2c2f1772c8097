"""Delivery in a storm: what is lost, doubled, left unknown or left silent, beside the naive way in the same storm.

Real Celery workers (prefork and threads), PostgreSQL and a broker, while processes are killed and paused, the broker
is emptied, connections are cut, refused and frozen, and a share of the networks' answers goes wrong. The judge is what
the imitated networks show at the end.

    pip install -e ".[testing,services]"
    python bench/chaos.py [--json FILE] [--full] [--deliveries N] [--seconds N] [--broker redis|rabbitmq|both]

All waiting times of the package are divided by ``--scale`` (10), so that minutes stand for an hour: a network that
says nothing "for 30 seconds" says nothing for three, beyond a deadline of two. Ends with 1 when a delivery was lost,
doubled or silent.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import stage  # noqa: E402
from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD  # noqa: E402
from sandbox.fakenet.networks.telegram import BOT_TOKEN  # noqa: E402


# Networks by what they let us know about a post whose answer was lost.
KINDS = {
    "own idempotency": ("bluesky", "line", "mastodon"),
    "read-back": ("x", "weibo", "vk", "facebook"),
    "neither": ("telegram",),
}
KIND_OF = {network: kind for kind, networks in KINDS.items() for network in networks}
PER_ACCOUNT = 40  # deliveries, so that no network finds its own limits overstepped
TICKS = 6  # accounts of a page
PICTURES = 8  # every so many pages have one
SHARE = 0.15  # of the requests go wrong
WORDS = "New sensors measure the river every minute."
VISIBILITY = 20.0  # seconds after which Redis hands out again what a dead worker of the naive way had taken
MARK = re.compile(r"\b([on])(\d+)x(\d+)z\b")


# Accounts


def connect(fakenet: str, network: str, number: int, user):
    """An account that is connected to fakenet; ``number`` tells it from others."""
    from wagtail_syndicate.accounts import connect, settle
    from wagtail_syndicate.accounts.connection import app_of
    from wagtail_syndicate.backends.auth import Pasted
    from wagtail_syndicate.models import Account
    from wagtail_syndicate.types import Connection, Grant, Identity

    handle = f"bench{number}"
    host = fakenet if network == "mastodon" else ""
    account = Account.objects.create(label=f"{network} {number}", network=network, host=host)
    pasted = {
        "bluesky": {"handle": f"{handle}.bsky.social", "app_password": APP_PASSWORD},
        "line": {"access_token": f"fakenet-line-channel-token-{handle}"},
        "telegram": {"bot_token": BOT_TOKEN, "channel": f"@{handle}"},
    }
    if given := pasted.get(network):
        doors = [door for door in account.backend_class.auth if isinstance(door, Pasted)]
        [door] = [door for door in doors if set(given) <= {field.name for field in door.fields}]
        return connect.paste(account, door, given, user)
    if network == "vk":  # fakenet's people manage no communities but those that have a name
        [door] = [door for door in account.backend_class.auth if door.name == "user_token"]
        identity = Identity(str(number), handle, options={"door": "user"})
        return settle.store(account, door, {}, Grant({"user_token": f"vk1.a.fakenet-user-{handle}"}), identity, user)
    door = account.backend_class.auth[0]
    place = "bench" if network in ("facebook", "mastodon") else "_fakenet"
    token = call(
        f"{fakenet}/{place}/tokens", network=network, handle=handle, scopes=["read", "write"] * (place == "bench")
    )
    credentials = {"access_token": token["access_token"]}
    app = app_of(account.backend_class, door)
    if network == "facebook":  # a page's own token, as choosing the page leaves it
        identity = Identity(token["id"], handle)
    else:
        identity = account.backend_class(Connection(host, credentials=credentials, app=app)).identify()
    return settle.store(account, door, {}, Grant(credentials), identity, user)


def call(url: str, **data):
    """The JSON of fakenet's control: asked for without data, told with data."""
    import requests

    answer = requests.post(url, json=data, timeout=60) if data else requests.get(url, timeout=60)
    answer.raise_for_status()
    return answer.json()


# The storm


class Storm(threading.Thread):
    """Does harm every few seconds, by a shuffled deck, so that in a while everything has been done."""

    def __init__(self, round_, chance: random.Random):
        super().__init__(daemon=True)
        self._round, self._chance, self._over = round_, chance, threading.Event()
        self.done: Counter[str] = Counter()
        scale = round_.options.scale
        self._short, self._long = 20 / scale, 30 / scale
        self._pause = 160 / scale  # longer than a lease
        self._deck = {
            "worker killed": 8,
            "worker's child killed": 2,
            "worker paused beyond its lease": 1,
            "publisher killed": 2,
            "sweeper killed": 1,
            "broker emptied": 1,
            "broker's connections cut": 2,
            "broker refuses": 1,
            "broker silent": 1,
            "database's connections cut": 1,
            "database ends sessions": 2,
            "database refuses": 1,
            "network's connections cut": 2,
            "network refuses": 1,
            "network silent": 1,
        }

    def run(self):
        while True:
            deck = [name for name, times in self._deck.items() for _ in range(times)]
            self._chance.shuffle(deck)
            for name in deck:
                if self._over.wait(self._chance.uniform(0.5, 1.5) * self._round.options.every):
                    return
                self.done[name] += 1
                try:
                    self._do(name)
                except Exception as error:
                    print(f"  {name}: {type(error).__name__}: {error}", file=sys.stderr)

    def end(self):
        self._over.set()
        if self.ident:
            self.join(60)

    def _a_busy_worker(self) -> stage.Process | None:
        """A worker that has had time to begin something; on a slow machine it takes a while until there is one."""
        while not self._over.wait(0.1):
            if ready := [worker for worker in self._round.workers if worker.is_ready(since=2.0)]:
                return self._chance.choice(ready)
        return None

    def _do(self, name: str):
        stage_ = self._round
        if name.startswith("worker") and (worker := self._a_busy_worker()) is None:
            return
        match name:
            case "worker killed":
                worker.kill()
            case "worker's child killed":
                worker.kill_a_child()
            case "worker paused beyond its lease":
                worker.signal(signal.SIGSTOP)
                threading.Timer(self._pause, worker.signal, (signal.SIGCONT,)).start()
            case "publisher killed":
                stage_.publisher.kill()
            case "sweeper killed":
                stage_.sweeper.kill()
            case "broker emptied":
                stage_.broker.flush()
            case "broker's connections cut":
                stage_.to_broker.cut()
            case "broker refuses":
                stage_.to_broker.refuse(self._short)
            case "broker silent":
                stage_.to_broker.freeze(self._long)
            case "database's connections cut":
                stage_.to_database.cut()
            case "database ends sessions":
                stage_.end_sessions()
            case "database refuses":
                stage_.to_database.refuse(self._short)
            case "network's connections cut":
                stage_.to_network.cut()
            case "network refuses":
                stage_.to_network.refuse(self._short)
            case "network silent":
                stage_.to_network.freeze(self._long)


class Round:
    """One broker: accounts, pages, processes, storm, calm, verdict."""

    def __init__(self, options, broker: str, number: int, urls: dict, folder: Path):
        self.options, self.number, self.urls, self.folder = options, number, urls, folder
        self.broker = stage.broker(broker, "chaos")
        self.to_broker = stage.Proxy(stage.port_of(self.broker.url))
        self.to_database, self.to_network = urls["to_database"], urls["to_network"]
        self.chance = random.Random(options.seed + number)
        self.processes: list[stage.Process] = []

    def prepare(self):
        """Accounts for both ways, and pages that tick ours."""
        from wagtail_syndicate.keys import new_key
        from wagtail_syndicate.models import Account

        n = self.options.deliveries
        each = max(3, math.ceil(n / PER_ACCOUNT / len(KIND_OF)))
        numbers = itertools.count(10_000 * self.number + 1)
        user, through = stage.user(), self.urls["network"]
        Account.objects.update(active=False)
        pairs = [
            (connect(through, network, next(numbers), user), connect(through, network, next(numbers), user))
            for network in KIND_OF
            for _ in range(each)
        ]
        self.chance.shuffle(pairs)
        endless, image = itertools.cycle(pairs), stage.picture()
        self.pages, self.wanted = {}, {"o": {}, "n": {}}
        while n > 0:
            chosen = list(itertools.islice(endless, min(TICKS, n)))
            n -= len(chosen)
            index = f"{self.number}{len(self.pages):05}"
            ticks = {ours: f"o{index}x{ours.pk}z {WORDS}" for ours, _naive in chosen}
            pictured = image if len(self.pages) % PICTURES == 0 else None
            page = stage.draft(f"Sensors reach the river, part {index}", ticks, pictured)
            self.pages[page.pk] = []
            for ours, naive in chosen:
                self.wanted["o"][f"{index}x{ours.pk}"] = (page.pk, ours)
                if not self.options.without_naive:
                    self.wanted["n"][f"{index}x{naive.pk}"] = (page.pk, naive)
                    self.pages[page.pk].append([naive.pk, str(new_key()), f"n{index}x{naive.pk}z {WORDS}"])

    def start(self):
        from django.db import connection

        self.judges_session = connection.connection.info.backend_pid
        plan = self.folder / f"plan{self.number}.json"
        rate = len(self.pages) / (0.8 * self.options.seconds)
        plan.write_text(json.dumps({"pages": self.pages, "rate": rate, "atomic": not self.options.autocommit}))
        environment = {
            "DATABASE_URL": stage.via(self.urls["database"], self.to_database.port),
            "CELERY_BROKER_URL": stage.via(self.broker.url, self.to_broker.port),
            "BENCH_VISIBILITY": str(VISIBILITY),
        }

        def process(name, command):
            made = stage.Process(f"{self.broker.name}-{name}", command, environment, self.folder)
            self.processes.append(made)
            return made

        queues = "syndicate-bench,bench"
        self.workers = [
            process("prefork", stage.worker_command("prefork", 3, queues, "prefork")),
            process("threads", stage.worker_command("threads", 6, queues, "threads")),
        ]
        if self.broker.name == "redis":
            self.sweeper = process("beat", stage.beat_command())
        else:
            loop = ["sandbox/manage.py", "syndicate_sweep", "--loop", "--interval", str(15 / self.options.scale)]
            self.sweeper = process("sweep", [sys.executable, *loop])
        self.publisher = process("publisher", [sys.executable, "bench/publisher.py", str(plan)])

    def keep_alive(self) -> None:
        """Start what has died, as a supervisor does."""
        for process in self.processes:
            if not process.is_alive() and not process.is_finished():
                process.start()

    def end_sessions(self):
        import psycopg

        with psycopg.connect(stage.POSTGRES, autocommit=True) as admin:
            name = self.urls["database"].rpartition("/")[2]
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
                [name, self.judges_session],
            )

    def weather(self, share: float) -> dict:
        return call(f"{self.urls['fakenet']}/bench/storm", share=share)["struck"]

    def run(self) -> dict:
        began = time.monotonic()
        self.prepare()
        self.say("prepared", began)
        self.weather(self.options.share)
        storm = Storm(self, self.chance)
        try:
            self.start()
            storm.start()
            return self.watch(storm)
        finally:
            storm.end()
            for process in self.processes:
                process.stop()
            self.broker.close()

    def watch(self, storm: Storm) -> dict:
        """See it through, and judge."""
        began = time.monotonic()
        limit = 5 * self.options.seconds
        while (passed := time.monotonic() - began) < limit:
            self.keep_alive()
            time.sleep(0.5)
            if (
                passed > self.options.seconds
                and sum(storm.done.values()) >= self.options.harms
                and self.publisher.is_finished()
                and self.open() <= 0.02 * len(self.wanted["o"])
            ):
                break
        storm.end()
        struck = self.weather(0)
        self.say(f"the storm is over, {self.open()} are open", began)
        stormy = time.monotonic() - began
        began = time.monotonic()
        self.calm()
        self.say(f"calm, {self.open()} are open", began)
        for process in self.processes:
            process.stop()
        return {
            "broker": self.broker.name,
            "seconds": {"storm": round(stormy), "calm": round(time.monotonic() - began)},
            "harm": dict(sorted(storm.done.items())),
            "faults": dict(sorted(struck.items())),
            "starts": {process.name: process.starts for process in self.processes},
            "ours": self.judge(),
            "naive": self.judge_naive(),
        }

    def calm(self) -> None:
        """Wait until ours are at rest and the naive way has nothing left to try."""
        last, since = None, time.monotonic()
        while (still := time.monotonic() - since) < self.options.patience:
            self.keep_alive()
            time.sleep(1)
            now = (self.publisher.is_finished(), self.open(), sum(self.posts("n").values()), self.broker.waiting())
            if now != last:
                last, since = now, time.monotonic()
            elif now[:2] == (True, 0) and (self.options.without_naive or still > VISIBILITY + 10):
                return

    def open(self) -> int:
        """How many of our deliveries software still has to do something about."""
        return (
            self.deliveries().filter(state__in=("waiting", "sending")).count()
            + self.deliveries().filter(state="unknown", due_at__isnull=False).count()
        )

    def deliveries(self):
        from wagtail_syndicate.models import Delivery

        return Delivery.objects.filter(page__in=list(self.pages))

    def posts(self, way: str) -> Counter:
        """How often each wanted post is there."""
        found = Counter()
        for post in call(f"{self.urls['fakenet']}/_fakenet/posts"):
            marks = {(kind, f"{index}x{account}") for kind, index, account in MARK.findall(post["text"])}
            for kind, mark in marks:
                if kind == way and mark in self.wanted[way]:
                    found[mark] += 1
        return found

    def live(self) -> set[int]:
        from sandbox.home.models import NewsPage

        return set(NewsPage.objects.filter(pk__in=list(self.pages), live=True).values_list("pk", flat=True))

    def judge(self) -> dict:
        """What became of ours, by kind of network."""
        posts, live = self.posts("o"), self.live()
        rows = {(row.page_id, row.account_id): row for row in self.deliveries()}
        kinds, wrong, asked = {kind: Counter() for kind in KINDS}, [], []
        for mark, (page, account) in self.wanted["o"].items():
            count, row, tally = posts[mark], rows.get((page, account.pk)), kinds[KIND_OF[account.network]]
            if page not in live:
                tally["ghosts"] += count
                continue
            tally["wanted"] += 1
            tally["posted"] += bool(count)
            verdict, silent = verdict_of(row, count)
            if count > 1:
                tally["doubled"] += 1
            tally[verdict] += 1
            if silent:
                tally["silent"] += 1
            if count > 1 or verdict == "lost" or silent:
                wrong.append(self.story(account, row, count))
            elif verdict.startswith("unknown") and KIND_OF[account.network] != "neither":
                asked.append(self.story(account, row, count))
        return {
            "kinds": {kind: dict(tally) for kind, tally in kinds.items()},
            "wrong": wrong[:50],
            "asked": asked[:50],
        }

    def story(self, account, row, count: int) -> dict:
        """What is known of a delivery that went wrong."""
        from wagtail_syndicate.models import Account

        if row is None:
            return {"network": account.network, "posts": count, "state": None}
        attempts = row.attempts.order_by("pk").values_list(
            "kind", "outcome", "reason", "detail", "started_at", "finished_at"
        )
        return {
            "network": account.network,
            "posts": count,
            "state": row.state,
            "reason": row.reason,
            "detail": row.detail,
            "due_at": str(row.due_at or ""),
            "lane": Account.objects.values("status", "problem", "lease_until", "blocked_until", "failures").get(
                pk=account.pk
            ),
            "attempts": [[str(value or "") for value in attempt] for attempt in attempts],
        }

    def judge_naive(self) -> dict:
        posts, live = self.posts("n"), self.live()
        kinds = {kind: Counter() for kind in KINDS}
        for mark, (page, account) in self.wanted["n"].items():
            if page in live:
                tally = kinds[KIND_OF[account.network]]
                tally["wanted"] += 1
                tally["posted"] += bool(posts[mark])
                tally["lost"] += not posts[mark]
                tally["doubled"] += posts[mark] > 1
        return {kind: dict(tally) for kind, tally in kinds.items()}

    def say(self, what: str, began: float) -> None:
        print(f"{self.broker.name}: {what} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)


def verdict_of(row, count: int) -> tuple[str, bool]:
    """What became of a wanted delivery, and whether its state hides that.

    :param count: how often the post is there.
    """
    if row is None:
        return ("planned never" if count else "lost"), True
    if row.state == "sent":
        return ("sent", False) if count else ("lost", True)
    if row.state == "unknown" and row.due_at is None:
        return ("unknown, posted" if count else "unknown, not posted"), not row.reason
    if row.state in ("waiting", "sending", "unknown"):
        return ("open" if count else "lost"), True
    # Every fault of the storm passes, so that nothing may end as failed; it says so, at least, when it does.
    return ("failed, posted" if count else "lost"), bool(count) or not row.reason


# The report


COLUMNS = ("wanted", "lost", "doubled", "unknown", "silent")  # unknown: a person is asked


def table(results: list[dict]) -> str:
    lines = [f"{'broker':10}{'way':8}{'network has':18}" + "".join(f"{column:>9}" for column in COLUMNS)]
    for result in results:
        for kind in KINDS:
            ours = result["ours"]["kinds"][kind]
            ours = {**ours, "unknown": ours.get("unknown, posted", 0) + ours.get("unknown, not posted", 0)}
            naive = result["naive"][kind]
            # It has no states, so that what it loses is not seen by anybody.
            naive = naive and {**naive, "unknown": "-", "silent": naive["lost"]}
            for way, tally in (("ours", ours), ("naive", naive)):
                if not tally:
                    continue
                lines.append(
                    f"{result['broker']:10}{way:8}{kind:18}" + "".join(f"{tally.get(name, 0):>9}" for name in COLUMNS)
                )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--full", action="store_true", help="10,000 deliveries instead of 1,000")
    parser.add_argument("--deliveries", type=int, help="another number of them, by broker")
    parser.add_argument("--seconds", type=float, help="how long it storms at least (default: 0.09 s a delivery)")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two harms, on average")
    parser.add_argument("--harms", type=int, default=0, help="how many harms are done at least")
    parser.add_argument("--share", type=float, default=SHARE, help="of the requests goes wrong")
    parser.add_argument("--scale", type=float, default=10.0, help="waiting times are divided by this")
    parser.add_argument("--patience", type=float, default=150.0, help="seconds without any change until the verdict")
    parser.add_argument("--broker", choices=("redis", "rabbitmq", "both"), default="both")
    parser.add_argument("--autocommit", action="store_true", help="publish without a transaction around it")
    parser.add_argument("--without-naive", action="store_true", help="only ours")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.deliveries = options.deliveries or (10_000 if options.full else 1_000)
    options.seconds = options.seconds or 0.09 * options.deliveries
    brokers = list(stage.BROKERS) if options.broker == "both" else [options.broker]

    began, results = time.monotonic(), []
    with ExitStack() as stack:
        folder = stack.enter_context(stage.folder())
        database = stack.enter_context(stage.database("chaos"))
        silence = 30 / options.scale
        storm = [sys.executable, "bench/storm.py", "0", str(options.seed), str(silence)]
        fakenet = stage.Process("fakenet", storm, {}, folder)
        stack.callback(fakenet.stop)
        address = fakenet.address()
        urls = {"database": database, "fakenet": address}
        urls["to_database"] = stage.Proxy(stage.port_of(database))
        urls["to_network"] = stage.Proxy(stage.port_of(address))
        urls["network"] = stage.via(address, urls["to_network"].port)
        stage.set_up_django(database, folder, FAKENET_URL=urls["network"], BENCH_SCALE=str(options.scale))
        stage.newsroom()
        for number, broker in enumerate(brokers, start=1):
            results.append(Round(options, broker, number, urls, folder).run())
        from django.db import connection

        connection.close()
    report = {
        "machine": stage.machine(),
        "options": {name: value for name, value in vars(options).items() if name != "json"},
        "seconds": round(time.monotonic() - began),
        "results": results,
    }
    print(table(results))
    wrong = [story for result in results for story in result["ours"]["wrong"]]
    for story in wrong[:10]:
        print(json.dumps(story, ensure_ascii=False, default=str))
    print(f"{report['seconds']} s; harm: " + ", ".join(f"{n} {name}" for name, n in total(results).items()))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n")
    return 1 if wrong else 0


def total(results: list[dict]) -> Counter:
    return sum((Counter(result["harm"]) for result in results), Counter())


if __name__ == "__main__":
    sys.exit(main())
