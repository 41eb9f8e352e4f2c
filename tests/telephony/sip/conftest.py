"""What SIP's tests share."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.telephony.sip.certificates import Authority


@pytest.fixture
def this_machine(settings: LazySettings) -> None:
    """Trunks may be on this machine."""
    settings.SIP_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1")]
    settings.SIP_SIGNALLING_ADDRESSES = ["198.51.100.5"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(authority: Authority, settings: LazySettings) -> Path:
    """The tests' authority is trusted."""
    settings.SIP_CA_FILE = str(authority.ca)
    return authority.ca
