"""Filters every template may use."""

from decimal import Decimal

from django import template

from dialnexa.money import format_money

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """``{{ order.total|money:order.currency }}`` → ``₹92.00``."""
    return format_money(amount, currency)
