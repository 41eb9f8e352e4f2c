"""Clients of the compatible endpoints."""

from __future__ import annotations

import pytest

from tests.conftest import Program

from .relay import Relay, has_document


@pytest.fixture
def relay(program: Program) -> Relay:
    """Acme's."""
    return Relay(program)


@pytest.fixture
def charlie_relay(charlie_program: Program) -> Relay:
    return Relay(charlie_program)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not has_document:
        line = "NO SIGNALWIRE DOCUMENT IN ../shared/contracts: COMPATIBLE ANSWERS WERE NOT HELD AGAINST IT"
        terminalreporter.write_line(f"!!! {line} !!!", red=True, bold=True)
