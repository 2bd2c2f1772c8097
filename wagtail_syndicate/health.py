"""How delivery stands, for monitoring. A site that wants it adds the view to its addresses:

``path("syndication/health/", wagtail_syndicate.health.health)``
"""

from __future__ import annotations

from django.http import JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wagtail_syndicate import conf
from wagtail_syndicate.delivery import monitor


@never_cache
@require_safe
def health(request) -> JsonResponse:
    """Figures as JSON, for staff, or for whoever sends ``Authorization: Bearer`` and the setting ``HEALTH_TOKEN``.

    The status is 200 also when something is wrong (``ok`` is false then): this tells of the delivery, not of the web
    server. It is 403 for everybody else.
    """
    if not _may_read(request):
        return JsonResponse({"error": "forbidden"}, status=403)
    figures = monitor.figures()
    return JsonResponse(
        {
            "ok": figures.is_swept and not figures.is_late,
            "time": figures.now.isoformat(),
            "deliveries": figures.states,
            "due": figures.due,
            "oldest_due_seconds": round(figures.due_age, 1),
            "unplanned": figures.unplanned,
            "last_sweep": figures.last_sweep and figures.last_sweep.isoformat(),
            "last_sweep_seconds": figures.sweep_age and round(figures.sweep_age, 1),
            "accounts": figures.accounts,
        }
    )


def _may_read(request) -> bool:
    token = conf.get("HEALTH_TOKEN")
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and constant_time_compare(given.strip(), token):
        return True
    user = getattr(request, "user", None)
    return user is not None and user.is_active and user.is_staff
