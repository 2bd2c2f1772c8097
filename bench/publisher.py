"""Publishes pages, steadily, through whatever happens to the database and the broker. A process of its own.

``python bench/publisher.py PLAN.json`` takes ``{"pages": {page: [[account, key, wording], ...]}, "rate": pages a
second, "atomic": whether the publication is one transaction}``: the pages' own ticks are in their drafts, and the list
is what the naive way posts of them. Pages that are live already are passed over, so that it can be started again.
"""

import json
import os
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")


def main(plan: dict) -> None:
    from django.db import OperationalError, connection, transaction

    from bench.tasks import post_naively
    from sandbox.home.models import NewsPage

    waiting = [int(page) for page in plan["pages"]]
    with suppress(OperationalError):
        # Each would cost the time of a publication, and whoever is killed often would never come to the end of them.
        live = set(NewsPage.objects.live().values_list("pk", flat=True))
        waiting = [page for page in waiting if page not in live]
    while waiting:
        began = time.monotonic()
        try:
            page = NewsPage.objects.get(pk=waiting[0])
            if not page.live:
                with transaction.atomic() if plan["atomic"] else nullcontext():
                    page.get_latest_revision().publish()
                    for account, key, wording in plan["pages"][str(page.pk)]:
                        post_naively(page.pk, account, key, wording)
            waiting.pop(0)
        except Exception as error:
            # An editor sees an error page and tries again. What the naive way did not hand over is not seen.
            print(f"page {waiting[0]}: {type(error).__name__}: {error}"[:300], flush=True)
            connection.close()
            time.sleep(0.2)
        time.sleep(max(0.0, 1 / plan["rate"] - (time.monotonic() - began)))


if __name__ == "__main__":
    import django

    django.setup()
    main(json.loads(Path(sys.argv[1]).read_text()))
