"""What a body of somebody else is told."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any
from urllib.parse import urlencode

import pytest

from exporter.errors import NotificationError
from exporter.remediation.notification import parse_notification
from tests.remediation.payloads import alert, notification

ALERTMANAGER = "let a webhook_configs of Alertmanager without `payload` send to this address"
RELAY = "let the relay pass on what is inside as the body"
GOOD = notification(alert())
TEXT = json.dumps(GOOD)


def refusal(body: bytes, encoding: str = "") -> str:
    with pytest.raises(NotificationError) as refused:
        parse_notification(body, encoding)
    return str(refused.value)


BARE = {key: value for key, value in alert().items() if key not in ("status", "fingerprint")}

OTHERS = {
    "a custom payload": ({"incident_title": "x", "team": "crm"}, "a custom `payload` (Alertmanager 0.32", ALERTMANAGER),
    "an empty object": ({}, "a custom `payload` (Alertmanager 0.32", ALERTMANAGER),
    "a payload of alerts alone": ({"alerts": [alert()]}, "version has to be the text 4", ALERTMANAGER),
    "a version that is a number": ({**GOOD, "version": 4}, "version has to be the text 4", ALERTMANAGER),
    "a payload without status": ({"version": "4", "alerts": []}, "a custom `payload` left it out", ALERTMANAGER),
    "Alertmanager before 0.6": ({**GOOD, "version": "3"}, "it comes from Alertmanager before 0.6", "update that"),
    "Slack": ({"channel": "#crm", "username": "a", "attachments": [{}]}, "the message of a chat tool", ALERTMANAGER),
    "Slack's text": ({"text": "all is lost"}, "the message of a chat tool", ALERTMANAGER),
    "Teams": ({"@type": "MessageCard", "@context": "x", "text": "y"}, "the message of a chat tool", ALERTMANAGER),
    "Discord": ({"content": "x", "embeds": []}, "the message of a chat tool", ALERTMANAGER),
    "Telegram": ({"chat_id": 7, "text": "x"}, "the message of a chat tool", ALERTMANAGER),
    "DingTalk": ({"msgtype": "markdown", "markdown": {}}, "the message of a chat tool", ALERTMANAGER),
    "PagerDuty": (
        {"routing_key": "hunter2", "event_action": "trigger", "payload": {"summary": "x"}},
        "an event for PagerDuty",
        ALERTMANAGER,
    ),
    "PagerDuty, old": ({"service_key": "hunter2", "event_type": "trigger"}, "an event for PagerDuty", ALERTMANAGER),
    "Opsgenie": ({"message": "x", "alias": "y", "priority": "P1"}, "an alert for Opsgenie", ALERTMANAGER),
    "VictorOps": ({"message_type": "CRITICAL", "entity_id": "x"}, "an event for VictorOps", ALERTMANAGER),
    "Grafana before 9": (
        {"evalMatches": [], "ruleId": 1, "ruleName": "x", "ruleUrl": "y", "state": "alerting", "title": "z"},
        "Grafana's alerting before version 9",
        "use Grafana-managed alerts",
    ),
    "Azure Monitor": ({"schemaId": "azureMonitorCommonAlertSchema", "data": {}}, "Azure Monitor", ALERTMANAGER),
    "SNS": ({"Type": "Notification", "MessageId": "x", "Message": "y"}, "Amazon SNS", "raw message delivery"),
    "a CloudEvent": ({"specversion": "1.0", "type": "x", "source": "y", "id": "z"}, "a CloudEvent", RELAY),
    "a notification in a CloudEvent": (
        {"specversion": "1.0", "type": "x", "source": "y", "data": GOOD},
        "inside of something else",
        RELAY,
    ),
    "a notification as text in a field": ({"body": TEXT}, "inside of something else", RELAY),
    "JSON inside of JSON": (TEXT, "JSON inside of JSON", RELAY),
    "one alert": (alert(), "a single alert", "stand in `alerts`"),
    "what Prometheus posts": ([BARE], "as Prometheus and vmalert post it to /api/v2/alerts", "point them at Alertm"),
    "what Alertmanager lists": (
        [{**alert(), "status": {"state": "active"}}],
        "a list of alerts",
        "point them at Alertmanager",
    ),
    "several notifications": ([GOOD, GOOD], "a list of notifications", "send each by itself"),
    "several CloudEvents": ([{"specversion": "1.0", "type": "x", "source": "y"}], "a CloudEvent", RELAY),
    "HubSpot's own webhooks": ([{"portalId": 1, "subscriptionId": 2}], "HubSpot's own webhooks", ALERTMANAGER),
    "what Prometheus answers": ({"status": "success", "data": {"alerts": []}}, "the answer of an HTTP API", ""),
}


@pytest.mark.parametrize(("payload", "cause", "remedy"), OTHERS.values(), ids=OTHERS)
def test_another_tools_form_is_named_with_what_to_do(payload: Any, cause: str, remedy: str) -> None:
    """In one sentence, which repeats nothing of the body."""
    told = refusal(json.dumps(payload).encode())
    assert cause in told
    assert remedy in told
    assert "\n" not in told
    assert "hunter2" not in told


BYTES = {
    "gzip": (gzip.compress(TEXT.encode()), "", "compressed (gzip)", "switch it off in the relay"),
    "gzip that is announced": (gzip.compress(TEXT.encode()), "gzip", "compressed (gzip)", "switch it off in the relay"),
    "zlib": (zlib.compress(TEXT.encode()), "deflate", "compressed (zlib)", "switch it off in the relay"),
    "brotli": (b"\x0b\x02\x80{}\x03", "br", "compressed (as its Content-Encoding says)", "switch it off in the relay"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "", "compressed (zstd)", "switch it off in the relay"),
    "a form": (urlencode({"payload": TEXT}).encode(), "", "an HTML form", ALERTMANAGER),
    "a short form": (b"alerts=1", "", "an HTML form", ALERTMANAGER),
    "a multipart form": (b'--x\r\nContent-Disposition: form-data; name="a"\r\n', "", "multipart", ALERTMANAGER),
    "XML": (b"<alert/>", "", "XML or HTML", ALERTMANAGER),
    "base64": (base64.b64encode(TEXT.encode()), "", "base64", "switch that off in the relay"),
    "nothing": (b"", "", "it is empty", ALERTMANAGER),
    "white space": (b" \r\n", "", "it is empty", ALERTMANAGER),
    "half of it": (TEXT[:-30].encode(), "", "breaks off or has a mistake", ALERTMANAGER),
    "a template with a comma too many": (b'{"alerts": [],}', "", "breaks off or has a mistake", ALERTMANAGER),
}


@pytest.mark.parametrize(("body", "encoding", "cause", "remedy"), BYTES.values(), ids=BYTES)
def test_what_is_not_json_is_named_with_what_to_do(body: bytes, encoding: str, cause: str, remedy: str) -> None:
    """Compressed, encoded, a form, broken: the relay or the template between is to be looked at."""
    told = refusal(body, encoding)
    assert told.startswith("the body is not JSON: ")
    assert cause in told
    assert remedy in told


@pytest.mark.parametrize("body", [b"\xff\xfe\xfa", b"1" * 5000, b"hello", b"\0"])
def test_what_looks_like_nothing_known_is_not_json(body: bytes) -> None:
    """Then there is nothing more to say."""
    assert refusal(body) == "the body is not JSON"


@pytest.mark.parametrize("encoding", ["gzip", "identity", ""])
def test_a_readable_body_is_read_whatever_the_header_says(encoding: str) -> None:
    """A proxy that unpacks it may leave the header."""
    assert len(parse_notification(TEXT.encode(), encoding).alerts) == 1


@pytest.mark.parametrize("written", [TEXT.encode("utf-8-sig"), TEXT.encode("utf-16"), b"\n " + TEXT.encode() + b"\n"])
def test_another_way_to_write_the_same_text_is_read(written: bytes) -> None:
    """A byte order mark and white space around it do no harm."""
    assert len(parse_notification(written).alerts) == 1
