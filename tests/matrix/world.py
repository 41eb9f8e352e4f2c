"""One of everything in a workspace, by the name it has in addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dialnexa.access import Right
from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.invitations import invite
from dialnexa.models import Workspace
from dialnexa.notices import tell
from dialnexa.webhooks.endpoints import create_endpoint, send_test
from phone_numbers.models import BulkRouting, SipTrunk
from telephony import agents
from telephony.batches.drafts import upload_batch
from telephony.models import NetworkGroup
from tests.conftest import make_user
from tests.kyc.papers import make_document
from tests.numbers.rows import make_call, make_number, make_order, make_rental

ABSENT = "00000000000000000000000000"
NO_UUID = "00000000-0000-0000-0000-000000000000"


def make_world(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Parameter name → value. Its own default, protected or busy things it has none of."""
    agent = agents.create_agent(
        workspace, title="Front desk", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    number = make_number(workspace, nickname="Shop front")
    make_rental(number, now)
    SipTrunk.objects.create(
        number=number, workspace=workspace, host="10.0.0.7", auth_mode="ip", status="linked"
    )
    order = make_order(number, "fulfilled")
    key, _ = create_api_key(workspace, "other", ["numbers:read"], by=SYSTEM, now=now)
    group = NetworkGroup.objects.filter(country="IN").first()
    assert group is not None
    member = workspace.memberships.create(user=make_user("Mia"), role="viewer")
    invitation, _ = invite(workspace, "dana@example.com", "viewer", by=SYSTEM, now=now)
    notice = tell(
        workspace, reference="world", right=Right.MANAGE, title="Told", body="Something happened.", now=now
    )
    assert notice is not None
    endpoint, _ = create_endpoint(workspace, "https://hooks.example.com/in", ["*"], by=SYSTEM, now=now)
    send_test(endpoint, by=SYSTEM, now=now)
    return {
        "slug": workspace.slug,
        "number_id": number.pk,
        "number_uuid": str(number.uuid),
        "order_id": order.pk,
        "agent_id": agent.pk,
        "version_number": 1,
        "bulk_id": BulkRouting.objects.create(workspace=workspace).pk,
        "key_id": key.pk,
        "member_id": member.pk,
        "invitation_id": invitation.pk,
        "group_id": group.pk,
        "notice_id": notice.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoint.deliveries.get().pk,
        "call_id": make_call(number, now).pk,
        "country": "IN",
        "name": "concurrent_calls",
        "batch_id": upload_batch(
            workspace, b"phone_number\n+919876543210\n", title="List", name="list.csv", by=SYSTEM, now=now
        ).pk,
        "document_id": make_document(workspace.kyc_cases.get(country="IN")).pk,
    }


def absent(value: Any) -> Any:
    """An id like this one that nothing has."""
    if isinstance(value, str) and value.count("-") == NO_UUID.count("-"):
        return NO_UUID
    if isinstance(value, str) and "_" in value:
        return f"{value.partition('_')[0]}_{ABSENT}"
    return value
