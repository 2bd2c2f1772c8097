"""What stands in the way of delivery on this site, who has to act, and how. For ``manage.py syndicate_doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import checks
from django.db.models import Count, Q
from django.utils import timezone
from wagtail.models import Site

from wagtail_syndicate import conf, tasks
from wagtail_syndicate.accounts import environment, vault
from wagtail_syndicate.admin.accounts import status_of
from wagtail_syndicate.compose.links import is_public
from wagtail_syndicate.delivery import monitor
from wagtail_syndicate.exceptions import ConfigurationError, CredentialsLost
from wagtail_syndicate.models import Account, Delivery, OAuthApp


OPERATOR, DEVELOPER, ADMIN, EDITOR = "operator", "developer", "site admin", "editor"

SKEW = 5.0  # seconds that two clocks may differ
FAILURES = 5  # in a row, after which an account's network is worth a word
PATIENCE = timedelta(days=1)  # for what waits for people

State = Delivery.State


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: its ``name`` for programs, what it is, who has to act, and what to do."""

    name: str
    problem: str
    who: str
    advice: str


def examine(broker: bool = True) -> list[Finding]:
    """Everything that is wrong, the most urgent first. Sends nothing to any network.

    :param broker: whether to ask Celery's workers for a sign of life.
    """
    figures = monitor.figures()
    return [
        *_settings(),
        *_clocks(),
        *_sweeps(figures),
        *(_workers() if broker else ()),
        *_backlog(figures),
        *_home(),
        *_accounts(),
        *_people(),
    ]


def _settings() -> Iterator[Finding]:
    for message in checks.run_checks(tags=["wagtail_syndicate"]):
        yield Finding(message.id.rpartition(".")[2], str(message.msg), DEVELOPER, str(message.hint or ""))
    if conf.get("ALLOW_LOCAL_HOSTS") and not settings.DEBUG:
        problem = (
            "Admins may connect servers inside this site's own network (ALLOW_LOCAL_HOSTS), which is for development."
        )
        yield Finding("local_hosts", problem, DEVELOPER, f"Remove ALLOW_LOCAL_HOSTS from {conf.SETTING}.")
    if conf.get("PAGE_URL"):
        return
    sites = list(Site.objects.all())
    if not sites:
        advice = "Add a site under Settings > Sites, with the address that readers use."
        yield Finding("no_site", "There is no site, so no page has a public address to post.", ADMIN, advice)
    for site in sites:
        if not is_public(site.hostname) and not settings.DEBUG:
            problem = f"Links would lead to {site.root_url}, where no reader finds the page."
            yield Finding("address", problem, ADMIN, "Enter the public host name under Settings > Sites.")


def _home() -> Iterator[Finding]:
    names = [account.label for account in environment.strangers().filter(active=True)]
    if names:
        problem = (
            f"Connected on another site than {environment.fingerprint()}, so nothing is sent: {', '.join(names)}."
        )
        advice = (
            "Leave a copy as it is (manage.py syndicate_neutralize makes it silent for good). If the site moved here, "
            "say so under Settings > Syndication accounts."
        )
        yield Finding("away_from_home", problem, ADMIN, advice)


def _clocks() -> Iterator[Finding]:
    before = timezone.now()
    database = monitor.database_time()
    skew = (database - before - (timezone.now() - before) / 2).total_seconds()
    if abs(skew) > SKEW:
        problem = (
            f"The database's clock is {abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} this machine's."
        )
        yield Finding("clocks", problem, OPERATOR, "Let both keep their time by NTP.")


def _sweeps(figures: monitor.Figures) -> Iterator[Finding]:
    if figures.is_swept:
        return
    age = figures.sweep_age
    problem = "No sweep has ever run here." if age is None else f"The last sweep ended {_span(age)} ago."
    if tasks.is_scheduled():
        advice = "Start Celery beat, and a worker that takes its tasks; read their logs if they run."
    else:
        advice = (
            f"Let Celery beat run the task {tasks.sweep_task.name} every 15 seconds, or run manage.py syndicate_sweep "
            "from cron or with --loop."
        )
    yield Finding("no_sweep", f"{problem} What a lost message or a crash left behind is not sent.", OPERATOR, advice)


def _workers() -> Iterator[Finding]:
    queue = conf.get("QUEUE")
    without = "If this site does without Celery, call this command with --no-broker."
    try:
        found = tasks.workers()
    except ConnectionError as error:
        problem = f"Celery's broker could not be reached ({error}). Posts wait for the next sweep."
        yield Finding("no_broker", problem, OPERATOR, f"Start the broker, or correct its address. {without}")
        return
    if not found:
        problem = "No Celery worker answers. Posts wait for a sweep that runs elsewhere."
        yield Finding("no_worker", problem, OPERATOR, f"Start a worker with -Q {queue}. {without}")
    elif not any(queue in queues for queues in found.values()):
        taken = ", ".join(sorted(set().union(*found.values()))) or "none"
        problem = f"Workers answer, but none takes from the queue {queue}; theirs are: {taken}."
        advice = f'Start a worker with -Q {queue}, or name another queue as {conf.SETTING}["QUEUE"].'
        yield Finding("wrong_queue", problem, OPERATOR, advice)


def _backlog(figures: monitor.Figures) -> Iterator[Finding]:
    if figures.is_late:
        problem = f"{figures.due} posts could be sent; the oldest has been waiting for {_span(figures.due_age)}."
        yield Finding("late", problem, OPERATOR, "Read the workers' logs; start more workers if they are all busy.")
    if figures.unplanned:
        problem = f"{figures.unplanned} publications are not planned yet."
        yield Finding("unplanned", problem, OPERATOR, "See that the sweep runs.")
    failed = Q(state=State.FAILED, reason__in=("unplanned", "plan_failed", "internal"))
    failed |= Q(state__in=(State.WAITING, State.APPROVAL), reason="site_trouble")
    if recent := Delivery.objects.filter(failed, updated_at__gt=timezone.now() - timedelta(days=7)).count():
        problem = f"{recent} publications or posts of the last seven days met a mistake in software."
        yield Finding("internal", problem, DEVELOPER, "Search the logs of wagtail_syndicate for errors.")


def _accounts() -> Iterator[Finding]:
    waiting = Delivery.objects.filter(state=State.WAITING).order_by().values_list("account_id").annotate(Count("pk"))
    waiting = dict(waiting)
    yield from (
        Finding(
            "lost_credentials",
            f"None of this site's keys opens the credentials of {name}.",
            DEVELOPER,
            f'Put the key that sealed them back into {conf.SETTING}["KEYS"] (or SECRET_KEY_FALLBACKS); if it is gone, '
            "a site admin must connect the account again.",
        )
        for name in _lost_credentials()
    )
    for account in environment.with_home(Account.objects.filter(active=True)):
        held = waiting.get(account.pk, 0)
        status = status_of(account)
        # One that was just added is not connected yet; it matters when something waits for it.
        if status["fix"] == "new_home":
            continue  # told of all together
        if status["tone"] == "problem" or (status["tone"] == "warning" and (account.credentials_expire_at or held)):
            problem = f"{account.label}: {status['label']}." + (f" {held} posts wait for it." if held else "")
            yield Finding("account", problem, ADMIN, str(status["note"]))
        if account.failures >= FAILURES:
            problem = f"{account.label}: {account.failures} tries in a row did not get through ({account.network})."
            advice = (
                "Look whether this server reaches the network, and whether the network says that it has trouble. The "
                "workers' logs tell what it was."
            )
            yield Finding("blocked", problem, OPERATOR, advice)


def _lost_credentials() -> Iterator[str]:
    sealed = [
        (account.label, account.sealed_credentials) for account in Account.objects.exclude(sealed_credentials="")
    ]
    sealed += [(f"the app at {app.network} {app.host}", app.sealed_secret) for app in OAuthApp.objects.all()]
    for name, text in sealed:
        try:
            vault.unseal(text)
        except CredentialsLost:
            yield name
        except ConfigurationError:
            return  # the checks of the settings tell


def _people() -> Iterator[Finding]:
    long_ago = timezone.now() - PATIENCE
    asked = Delivery.objects.filter(updated_at__lt=long_ago)
    if unknown := asked.filter(state=State.UNKNOWN, due_at=None).count():
        problem = f"Of {unknown} posts nobody has said for more than a day whether they are there."
        yield Finding("unknown", problem, EDITOR, "Look at the account, then answer on the page.")
    if assisted := asked.filter(state=State.ASSISTED).count():
        problem = f"{assisted} posts have been waiting for more than a day to be posted by a person."
        yield Finding("assisted", problem, EDITOR, "Post them, then mark them as posted, or cancel them.")


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
