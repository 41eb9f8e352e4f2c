"""How calls are written in templates."""

from django import template
from django.utils.translation import gettext as _

from telephony import e164

register = template.Library()


@register.filter
def spoken(seconds: int | None) -> str:
    """``65`` → ``1:05``, ``3725`` → ``1:02:05``; nothing for nothing."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def minutes(seconds: int) -> str:
    """``1800`` → ``30 min``, ``90`` → ``1 min 30 s``."""
    whole, rest = divmod(seconds, 60)
    if rest and whole:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": whole, "seconds": rest}
    return _("%(n)s min") % {"n": whole} if whole else _("%(n)s s") % {"n": rest}


@register.filter
def end_of_line(text: str) -> str:
    """A phone number for people; a SIP address or a withheld number as the carrier wrote it."""
    if e164.PATTERN.fullmatch(text):
        return e164.format_international(text)
    return text or _("Withheld")
