"""Missing scopes are read from every spelling HubSpot has for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.clients.hubspot.scopes import missing_scopes
from tests.any_json import anything

CONTACTS, DEALS = "crm.objects.contacts.read", "crm.objects.deals.read"
TEXT = "This app hasn't been granted all required scopes to make this call. See https://developers.hubspot.com/scopes."


@pytest.mark.parametrize(
    "key", ["requiredGranularScopes", "requiredScopes", "missingScopes", "granularScopes", "scopes", "missing_scopes"]
)
@pytest.mark.parametrize(
    "scopes", [[CONTACTS, DEALS], f"{CONTACTS}, {DEALS}", f"[{CONTACTS} {DEALS}]", [[CONTACTS], DEALS]]
)
@pytest.mark.parametrize("within", ["errors", "context"])
@pytest.mark.parametrize("as_text", [False, True])
def test_each_key_as_list_or_string(key: str, scopes: Any, within: str, as_text: bool) -> None:
    """Beside each error or beside the message itself, as an object or as a text of JSON."""
    context: Any = json.dumps({key: scopes}) if as_text else {key: scopes}
    body: dict[str, Any] = {"message": TEXT, "category": "MISSING_SCOPES"}
    body |= (
        {"errors": [{"message": "One or more of them.", "context": context}]}
        if within == "errors"
        else {"context": context}
    )
    assert missing_scopes(body) == (CONTACTS, DEALS)


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        ({"errors": [{"context": {"requiredScopes": ["contacts"]}}]}, ("contacts",)),
        ({"errors": [{"context": {"requiredScopes": ["sales-email-read", "hubdb"]}}]}, ("hubdb", "sales-email-read")),
        (
            {"errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.highly_sensitive.read.v2"]}}]},
            ("crm.objects.contacts.highly_sensitive.read.v2",),
        ),
        ({"errors": {"context": {"missingScopes": [CONTACTS]}}}, (CONTACTS,)),
        ({"errors": [{"missingScopes": [CONTACTS]}]}, (CONTACTS,)),
        ({"requiredScopes": CONTACTS}, (CONTACTS,)),
        ({"context": {"missing_scopes": [CONTACTS]}}, (CONTACTS,)),
        ({"errors": [{"context": {"requiredScopes": [{"name": CONTACTS}]}}]}, (CONTACTS,)),
        (
            {"errors": [{"context": {"requiredGranularScopes": [CONTACTS]}}, {"context": {"requiredScopes": [DEALS]}}]},
            (CONTACTS, DEALS),
        ),
        ({"errors": [{"context": {"requiredGranularScopes": None, "missingScopes": [CONTACTS]}}]}, (CONTACTS,)),
        ({"message": "It does not have proper permissions! (requires any of [contacts-read])"}, ("contacts-read",)),
        ({"message": f"Required scopes: [{CONTACTS}]"}, (CONTACTS,)),
        ({"message": f"This call requires one of the following scopes: [{CONTACTS}]"}, (CONTACTS,)),
        ({"message": f"requires all of [{CONTACTS}, {DEALS}]"}, (CONTACTS, DEALS)),
        ({"errors": [{"message": f"requires any of [{CONTACTS}]"}]}, (CONTACTS,)),
        ({"message": f"The token lacks {CONTACTS} and {DEALS}."}, (CONTACTS, DEALS)),
        ({"message": f"(requires all of {CONTACTS})"}, (CONTACTS,)),
        ({"errors": [{"message": f"The scope '{DEALS}' is required"}]}, (DEALS,)),
        ({"message": "See https://example.com/crm.objects.contacts.read", "context": {"optionalScopes": [DEALS]}}, ()),
        ({"context": {"requiredScopes": f"{CONTACTS}|{DEALS}"}}, (CONTACTS, DEALS)),
        ({"context": {"requiredScopes": f"({CONTACTS}) or ({DEALS})"}}, (CONTACTS, DEALS)),
        ({"errors": json.dumps([{"context": {"scopes": [CONTACTS]}}])}, (CONTACTS,)),
        ({"context": json.dumps({"errors": json.dumps({"scopes": [CONTACTS]})})}, (CONTACTS,)),
    ],
)  # fmt: skip
def test_other_places(body: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """Every field is optional, and so is the place where it stands."""
    assert missing_scopes(body) == scopes


@pytest.mark.parametrize(
    "scope",
    [
        "oauth",
        "e-commerce",
        "tickets",
        "business-intelligence",
        "sales-email-read",
        "crm.dealsplits.read_write",
        "crm.objects.custom.p123_object.read",
        "crm.objects.custom.2-3456789.read",
        "crm.objects.0-162.write",
        "crm.objects.contacts.highly_sensitive.read.v2",
        "crm.schemas.custom.read",
        "account-info.security.read",
        "integrations.zoom-app.playbooks.read",
    ],
)
def test_every_shape_of_scope(scope: str) -> None:
    """Words alone, words with hyphens, dots, digits within."""
    assert missing_scopes({"errors": [{"context": {"requiredGranularScopes": [scope]}}]}) == (scope,)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"links": {"scopes": "https://developers.hubspot.com/scopes"}},
        {"context": "{not JSON: [scopes"},
        {"context": "[" * 6_000},
        {"context": json.dumps({"scopes": [CONTACTS], "filler": "x" * 6_000})},
        {
            "context": {
                "scopes": ["pat-na1-4f2071b3-bf52", "eyJhbGciOi.J9", "a..b", ".read", "crm.", "na1", "x." * 60 + "x"]
            }
        },
        {"errors": None},
        {"errors": "x"},
        {"errors": [None]},
        {"errors": [{"context": None}]},
        {"errors": [{"context": {"requiredGranularScopes": [7, "pat-na1-0f9e", "<b>", "x" * 200, "CRM", ""]}}]},
        {"message": TEXT, "correlationId": "crm.looks.like.one"},
        {"errors": [{"context": {"ids": [CONTACTS]}}]},
    ],
)
def test_what_is_no_scope_is_not_shown(body: dict[str, Any]) -> None:
    """Nor is anything that stands elsewhere."""
    assert missing_scopes(body) == ()


@given(st.dictionaries(st.sampled_from(["errors", "context", "requiredScopes", "message"]), anything))
def test_no_body_breaks_it(body: dict[str, Any]) -> None:
    """What is found is letters, dots, dashes and underscores."""
    assert all(scope[0].isalpha() and "<" not in scope for scope in missing_scopes(body))
