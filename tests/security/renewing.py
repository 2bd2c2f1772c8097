"""A process of its own that needs an account's access: waits for the others, then renews it, and says what it got.

Arguments: the account's primary key, and a file that appears when all are to begin.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

import django


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")


def mark(token: str) -> str:
    """What tells one token from another without showing it."""
    return hashlib.sha256(token.encode()).hexdigest()


if __name__ == "__main__":
    django.setup()
    from wagtail_syndicate.accounts import refresh
    from wagtail_syndicate.models import Account

    account = Account.objects.get(pk=sys.argv[1])
    print("ready", flush=True)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.005)
    print(mark(refresh.fresh_backend(account).connection.credentials["access_token"]))
