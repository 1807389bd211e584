"""What is told, to whom, and how a receiver knows who told it."""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from armature.approval import ApprovalState, ApprovalStatus
from armature.control import MAX_COMMENT
from armature.notices import (
    MAX_TEXT,
    Receiver,
    asked_notice,
    decided_notice,
    ended_notice,
    instance_parts,
    key_of,
    policy_of,
    receivers_of,
    refusal_of_address,
    signed,
)
from armature.state import Status
from tests.armature.deployments import NOW, deployment
from tests.running import NOTIFICATION_KEY, ROOT
from tests.triggers.calling import settings

APPROVAL = ApprovalState(
    approval_id="a" * 16, number=2, message="Azure would delete 1 resource.", asked_at=NOW, deadline=NOW
)
STATE = deployment(Status.AWAITING_APPROVAL, approval=APPROVAL, run=3)
HOSTS = {"notification_hosts": ("hooks.example", "*.corp.example"), "notification_key": NOTIFICATION_KEY}
QUEUE_MESSAGE_BYTES = 48 * 1024


def test_each_fact_has_one_id_and_orchestrations_of_its_own():
    decided = APPROVAL.decided(ApprovalStatus.REJECTED, NOW, "ada", comment="no")

    notices = [
        asked_notice(STATE, APPROVAL, None),
        decided_notice(STATE, decided, NOW, None),
        ended_notice(STATE.model_copy(update={"finished_at": NOW}), None),
    ]

    assert [notice.id for notice in notices] == ["d-01.asked-2", "d-01.decided-2", "d-01.ended-3"]
    parts = instance_parts(STATE)
    assert {f"{notice.instance_part}-{receiver}" for notice in notices for receiver in Receiver} <= set(parts)
    assert len(parts) == len(set(parts)) == 2 * (3 + 2 * 2)


def test_that_approval_is_asked_is_told_with_all_that_a_decision_needs():
    notice = asked_notice(STATE.model_copy(update={"status": Status.PENDING}), APPROVAL, "app.example").dump()

    assert notice["status"] == "awaitingApproval"
    assert notice["statusUrl"] == "https://app.example/api/deployments/d-01"
    assert notice["approval"]["approvalId"] == "a" * 16
    assert notice["approval"]["message"] == "Azure would delete 1 resource."
    assert notice["approval"]["deadline"]


def test_a_notice_fits_into_a_queue_message_whatever_people_write():
    state = STATE.model_copy(update={"message": "ш" * 9999})
    decided = APPROVAL.model_copy(update={"message": "ш" * 9999}).decided(
        ApprovalStatus.APPROVED, NOW, "ш" * 200, comment="ш" * MAX_COMMENT
    )

    notice = decided_notice(state, decided, NOW, None)

    assert len(notice.message) == MAX_TEXT
    assert len(notice.model_dump_json().encode()) < QUEUE_MESSAGE_BYTES


def test_who_is_told_is_the_apps_own_address_and_the_requests():
    state = STATE.model_copy(update={"notification_url": "https://hooks.example/x"})

    assert receivers_of(STATE, settings()) == []
    assert receivers_of(state, settings()) == [Receiver.REQUEST]
    assert receivers_of(state, settings(notification_url="https://a.example")) == [Receiver.APP, Receiver.REQUEST]


def test_a_requests_address_goes_only_to_hosts_that_the_operator_allows():
    chosen = settings(**HOSTS)

    assert policy_of(Receiver.REQUEST, chosen).hosts == ("hooks.example", "*.corp.example")
    assert policy_of(Receiver.APP, chosen).hosts is None
    assert policy_of(Receiver.REQUEST, chosen).max_redirects == 0
    assert refusal_of_address("https://hooks.example/x", chosen) is None
    assert refusal_of_address("https://a.corp.example/x", chosen) is None


@pytest.mark.parametrize(
    ("address", "chosen"),
    [
        ("https://other.example/x", HOSTS),
        ("https://hooks.example.evil/x", HOSTS),
        ("https://me@hooks.example/x", HOSTS),
        ("http://hooks.example/x", HOSTS),
        ("https://hooks.example/x", {**HOSTS, "notification_key": None}),
        ("https://hooks.example/x", {}),
    ],
)
def test_an_address_that_the_app_may_not_tell_is_refused_at_the_start(address, chosen):
    assert refusal_of_address(address, settings(**chosen))


def test_a_signature_is_that_of_standard_webhooks():
    body = json.dumps({"x": 1}).encode()

    headers = signed(key_of(NOTIFICATION_KEY), "d-01.asked-1", NOW, body)

    key = base64.b64decode(NOTIFICATION_KEY.removeprefix("whsec_"))
    content = b"d-01.asked-1." + str(int(NOW.timestamp())).encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers == {
        "webhook-id": "d-01.asked-1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,{expected}",
    }


def test_the_page_says_how_to_verify_one():
    (code,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/approval.md").read_text(), re.MULTILINE | re.DOTALL)
    page: dict[str, Any] = {}
    exec(code, page)
    body, now = b'{"id": "d-01.asked-1"}', datetime.now(UTC)

    headers = signed(key_of(NOTIFICATION_KEY), "d-01.asked-1", now, body)
    stale = signed(key_of(NOTIFICATION_KEY), "d-01.asked-1", now - timedelta(minutes=6), body)

    assert page["is_from_armature"](headers, body, NOTIFICATION_KEY)
    assert not page["is_from_armature"](headers, body + b" ", NOTIFICATION_KEY)
    assert not page["is_from_armature"]({**headers, "webhook-id": "d-01.asked-2"}, body, NOTIFICATION_KEY)
    assert not page["is_from_armature"](stale, body, NOTIFICATION_KEY)


@pytest.mark.parametrize("size", [24, 64])
def test_keys_of_24_to_64_bytes_are_taken(size):
    assert key_of("whsec_" + base64.b64encode(b"k" * size).decode()) == b"k" * size


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_!", "secret", *(f"whsec_{base64.b64encode(b'k' * size).decode()}" for size in (23, 65)),
     base64.b64encode(b"k" * 32).decode(), "@Microsoft.KeyVault(SecretUri=https://kv/secrets/key)"],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_repeated(text):
    with pytest.raises(ValueError) as refused:
        key_of(text)

    assert text in ("", "whsec_") or text not in str(refused.value)
