"""What was handed in."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from kyc.documents import open_document
from kyc.models import KycDocument
from kyc.views import as_attachment


@admin.register(KycDocument)
class KycDocumentAdmin(ReadOnlyAdmin):
    """The file is sealed; who takes it is noted in the workspace's history."""

    shelf = "Customers"
    fields = ("id", "case", "kind", "state", "reason", "file", "media_type", "size", "pages", "sha256")
    list_display = ("id", "case", "kind", "state", "file_name", "uploaded_at")
    list_filter = ("status",)
    list_select_related = ("case__workspace",)
    search_fields = ("id__exact", "case__id__exact", "workspace__slug")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.give_file)
        return [path("<str:pk>/file/", view, name="kyc_kycdocument_file"), *super().get_urls()]

    def give_file(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The file, as an attachment, to staff who may decide on cases."""
        if not request.user.has_perm("kyc.change_kyccase"):
            raise PermissionDenied
        document = get_object_or_404(KycDocument.objects.filter(status__in=KycDocument.CURRENT), pk=pk)
        return as_attachment(document, open_document(document, by=staff_actor(request), now=clock.now()))

    @admin.display(description="File")
    def file(self, document: KycDocument) -> SafeString | str:
        if document.status not in KycDocument.CURRENT:
            return f"{document.file_name} (not kept)"
        url = reverse("admin:kyc_kycdocument_file", args=[document.pk])
        return format_html('<a href="{}">{}</a>', url, document.file_name)

    @admin.display(description="Status", ordering="status")
    def state(self, document: KycDocument) -> SafeString:
        return pill(document.status, document.get_status_display())
