"""The ways that the benches compare with: a post that is a Celery task and nothing else."""

import os
import threading

import requests
from celery import shared_task
from django.db import transaction


# The policy that Celery has unless it is told otherwise; the sandbox's own gives up sooner.
PATIENT = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}

_local = threading.local()


@shared_task(
    name="bench.naive",
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(Exception,),
    retry_backoff=True,
    retry_backoff_max=10,
    max_retries=12,
    ignore_result=True,
)
def naive_task(page_id: int, account_id: int, key: str, wording: str):
    """One post by the same backend, retried whenever anything goes wrong; all that Celery has to make it reliable."""
    from sandbox.home.models import NewsPage
    from wagtail_syndicate.accounts.connection import backend_of
    from wagtail_syndicate.delivery import content
    from wagtail_syndicate.models import Account

    account = Account.objects.get(pk=account_id)
    article = content.article_of(NewsPage.objects.get(pk=page_id))
    message = content.message_for(article, account, wording)
    backend_of(account).publish(message, [], key)


def post_naively(page_id: int, account_id: int, key: str, wording: str) -> None:
    """Post when the transaction is committed, as Celery's documentation recommends."""
    transaction.on_commit(
        lambda: naive_task.apply_async((page_id, account_id, key, wording), retry=True, retry_policy=PATIENT),
        robust=True,
    )


@shared_task(name="bench.bare", ignore_result=True)
def bare_task(url: str, data: dict):
    """One POST on a connection that is reused: the least that a task can do."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    answer = _local.session.post(url, json=data, timeout=20, headers={"User-Agent": f"bare/{os.getpid()}"})
    answer.raise_for_status()
