from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WagtailSyndicateConfig(AppConfig):
    name = "wagtail_syndicate"
    label = "wagtail_syndicate"
    verbose_name = _("Syndication")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        import swapper
        import wagtail

        from wagtail_syndicate import checks, history, signal_handlers  # noqa: F401 (checks register themselves)
        from wagtail_syndicate.accounts import permissions
        from wagtail_syndicate.admin import page_form
        from wagtail_syndicate.models import Account
        from wagtail_syndicate.models.target import RELATION

        # A copy of a page, kept live, would be posted again.
        page_model = swapper.load_model("wagtailcore", "Page")
        if RELATION not in page_model.default_exclude_fields_in_copy:
            page_model.default_exclude_fields_in_copy = [*page_model.default_exclude_fields_in_copy, RELATION]
        if wagtail.VERSION >= (8, 0):
            from wagtail.permissions import register_permission_policy

            register_permission_policy(Account, permissions.policy)
        page_form.install()
        signal_handlers.connect()
        history.connect()
