"""What is kept: accounts, what editors ticked (targets), and what became of it (deliveries)."""

from wagtail_syndicate.models.account import Account, OAuthApp, site_id_of
from wagtail_syndicate.models.delivery import Attempt, Delivery
from wagtail_syndicate.models.heartbeat import Heartbeat
from wagtail_syndicate.models.target import Target, TargetSet, set_targets, targets_of


__all__ = [
    "Account",
    "Attempt",
    "Delivery",
    "Heartbeat",
    "OAuthApp",
    "Target",
    "TargetSet",
    "set_targets",
    "site_id_of",
    "targets_of",
]
