"""As in English; numbers are grouped the Indian way."""

from dialnexa.formats.en.formats import DATE_FORMAT, DATETIME_FORMAT, TIME_FORMAT

__all__ = ["DATETIME_FORMAT", "DATE_FORMAT", "TIME_FORMAT"]
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = (3, 2, 0)
