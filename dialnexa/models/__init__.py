"""Tenancy and money: users, workspaces, memberships, API keys, the ledger and the history."""

from dialnexa.models.approvals import ApprovalRequest
from dialnexa.models.keys import ApiKey, IdempotencyRecord
from dialnexa.models.ledger import LedgerAccount, LedgerEntry
from dialnexa.models.notices import Notice, NoticeCopy
from dialnexa.models.people import User, UserManager
from dialnexa.models.records import AuditEntry, AuditLink, Heartbeat
from dialnexa.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from dialnexa.models.workspaces import Invitation, Membership, Workspace

__all__ = [
    "ApiKey",
    "ApprovalRequest",
    "AuditEntry",
    "AuditLink",
    "Heartbeat",
    "IdempotencyRecord",
    "Invitation",
    "LedgerAccount",
    "LedgerEntry",
    "Membership",
    "Notice",
    "NoticeCopy",
    "User",
    "UserManager",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
    "Workspace",
]
