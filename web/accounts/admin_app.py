from django.contrib.admin.apps import AdminConfig


class SiteAdminConfig(AdminConfig):
    """Django's admin, with the site's own sign-in."""

    default_site = "accounts.admin_site.AdminSite"
    default = False  # named in INSTALLED_APPS; no other app is to find it
