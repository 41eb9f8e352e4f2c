"""Identity dossiers: one per workspace and country, their documents, and the number that proves a person."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import User, Workspace
from dialnexa.states import Stateful, Transitions


class EntityType(models.TextChoices):
    """Who stands behind a workspace; what proves it is in ``papers.toml``."""

    INDIVIDUAL = "individual", _("Individual")
    SOLE_PROPRIETOR = "sole_proprietor", _("Sole proprietor")
    PRIVATE_LIMITED = "private_limited", _("Private limited company")
    LLP = "llp", _("Limited liability partnership")
    PARTNERSHIP = "partnership", _("Partnership")
    NGO = "ngo", _("NGO or trust")
    GOVERNMENT = "government", _("Government body")


class KycCase(Stateful):
    """What a workspace has shown about itself for one country. The workspace's home country decides
    whether it may call; each country decides whether its numbers may be rented.
    """

    class Status(models.TextChoices):
        NOT_STARTED = "not_started", _("Not started")
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("In review")
        VERIFIED = "verified", _("Verified")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        SUSPENDED = "suspended", _("Suspended")

    TRANSITIONS: ClassVar[Transitions] = {
        "start": (("not_started",), "draft"),
        "submit": (("draft", "rejected", "expired"), "submitted"),
        "verify": (("submitted",), "verified"),
        "reject": (("submitted",), "rejected"),
        "request_more": (("submitted",), "rejected"),
        "expire": (("verified",), "expired"),
        "suspend": (("verified",), "suspended"),
        "reinstate": (("suspended",), "verified"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("kyc"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="kyc_cases")
    country = models.CharField(max_length=2, help_text="Whose rules the papers answer, ISO 3166-1")
    entity_type = models.CharField(max_length=20, choices=EntityType.choices, blank=True)
    legal_name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NOT_STARTED)
    reason = models.CharField(
        max_length=500, blank=True, help_text="Why it was rejected or suspended, for the customer"
    )
    asked_for = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Kinds of document staff ask for beyond the table",
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    verified_until = models.DateTimeField(null=True, blank=True)
    reminded_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The last reminder: how many days before the end it was for"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = "KYC case"
        constraints = (
            models.UniqueConstraint(fields=["workspace", "country"], name="one_case_per_country"),
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "not_started",
                        "draft",
                        "submitted",
                        "verified",
                        "rejected",
                        "expired",
                        "suspended",
                    )
                ),
                name="kyc_status_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["verified_until"],
                condition=Q(status="verified", verified_until__isnull=False),
                name="kyc_running_out",
            ),
            models.Index(fields=["submitted_at"], condition=Q(status="submitted"), name="kyc_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.workspace} · {self.country} · {self.get_status_display()}"


class KycDocument(Stateful):
    """One paper of a dossier. A newer one of its kind replaces it; what was decided on stays."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        REPLACED = "replaced", _("Replaced")
        REMOVED = "removed", _("Removed")

    CURRENT: ClassVar[tuple[str, ...]] = ("uploaded", "accepted", "rejected")
    TRANSITIONS: ClassVar[Transitions] = {
        "accept": (("uploaded", "rejected"), "accepted"),
        "reject": (("uploaded", "accepted"), "rejected"),
        "replace": (("uploaded", "rejected", "accepted"), "replaced"),
        "remove": (("uploaded", "rejected"), "removed"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("doc"), editable=False)
    case = models.ForeignKey(KycCase, on_delete=models.PROTECT, related_name="documents")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40, help_text="As in papers.toml: aadhaar, pan, gst …")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was rejected, for the customer")
    file_name = models.CharField(max_length=120, help_text="As the customer called it, cleaned")
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="Bytes, as kept")
    pages = models.PositiveSmallIntegerField(default=1)
    sha256 = models.CharField(max_length=64, help_text="Of the bytes as kept")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = "KYC document"
        ordering = ("uploaded_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(status__in=("uploaded", "accepted", "rejected")),
                name="one_current_document_per_kind",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("uploaded", "accepted", "rejected", "replaced", "removed")),
                name="document_status_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.file_name}"


class KycFile(models.Model):
    """A document's bytes, sealed for this row (see ``dialnexa.sealing``). Apart, so lists never load them.

    In the database, because there they are written together with the document, saved with it, and served by
    no web server.
    """

    document = models.OneToOneField(
        KycDocument, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return f"file of {self.document_id}"


class VerificationNumber(models.Model):
    """The one number an unverified workspace may call, confirmed by a code spoken in a call to it.

    A new one waits in ``pending_e164`` until its code is entered; the confirmed one stays valid until then.
    """

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, primary_key=True, related_name="verification_number"
    )
    e164 = models.CharField(
        "number", max_length=16, blank=True, help_text="Empty before the first is confirmed"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    pending_e164 = models.CharField("waiting for its code", max_length=16, blank=True)
    code_digest = models.CharField(max_length=64, blank=True, editable=False)
    code_until = models.DateTimeField(null=True, blank=True)
    tries_left = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(e164__regex=r"^(\+[1-9][0-9]{6,14})?$"), name="verification_number_is_e164"
            ),
            models.CheckConstraint(
                condition=Q(pending_e164__regex=r"^(\+[1-9][0-9]{6,14})?$"), name="pending_number_is_e164"
            ),
            models.CheckConstraint(
                condition=~Q(e164="") | Q(confirmed_at=None), name="only_a_number_is_confirmed"
            ),
        )
        indexes = (models.Index(fields=["e164"], name="verification_number"),)

    def __str__(self) -> str:
        return self.e164 or self.pending_e164


class VerificationCall(models.Model):
    """One call that speaks a code. Neither code nor token is kept: the carrier brings the token back, and
    the code is made from it.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("vcl"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    e164 = models.CharField("number", max_length=16)
    carrier = models.CharField(max_length=20)
    token_digest = models.CharField(max_length=128, unique=True, editable=False)
    asked_at = models.DateTimeField()
    failed_at = models.DateTimeField(
        null=True, blank=True, help_text="Certainly not placed: it does not count"
    )
    spoken_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=20, blank=True, help_text="As the carrier told: completed, busy …")

    class Meta:
        ordering = ("-asked_at",)
        indexes = (
            models.Index(fields=["e164", "asked_at"], name="verification_calls_of_number"),
            models.Index(fields=["workspace", "asked_at"], name="verification_calls_of_ws"),
        )

    def __str__(self) -> str:
        return f"{self.e164}, {self.asked_at:%Y-%m-%d %H:%M}"
