"""The support desk: Django's admin in the product's clothes."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class SupportAdminSite(AdminSite):
    site_header = "DialNexa support"
    site_title = "DialNexa support"
    index_title = "Support desk"


class SupportAdminConfig(AdminConfig):
    default_site = "dialnexa.admin_site.SupportAdminSite"
