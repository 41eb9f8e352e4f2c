"""The KYC desk: dossiers and the staff who decide them, documents, verification numbers."""

from kyc.admin import cases, documents, numbers

__all__ = ["cases", "documents", "numbers"]
