"""Where an administrator finds what is to be changed, as the pages are called in Salesforce and HubSpot. Pure.

Facts: Salesforce Help, *User Permissions*, *External Client Apps*; HubSpot developer documentation, *Service keys*;
HubSpot knowledge base, *Map HubSpot properties to Salesforce fields*. Both move their pages now and then.
"""

from __future__ import annotations

from exporter.config.settings import ClientCredentials, Salesforce

APP = "Salesforce Setup → External Client App Manager (App Manager for a connected app) → the exporter's app"
SCOPES = (
    "HubSpot → Settings → Development → Keys → Service keys → the key of hubspot.token_file → Scopes "
    "(Integrations → Private Apps for a private app's token)"
)
_TABS = {"contacts": "Contacts", "companies": "Companies", "deals": "Deals"}


def own_user(salesforce: Salesforce) -> str:
    """Whom the exporter logs in as."""
    flow = salesforce.auth
    return "the app's run-as user" if isinstance(flow, ClientCredentials) else flow.username


def own_permission(salesforce: Salesforce, permission: str) -> str:
    """Where a permission is given to the exporter's own user."""
    return (
        f"Salesforce Setup → Users → Permission Sets → a set of {own_user(salesforce)} → System Permissions → "
        f"{permission}"
    )


def integration_user(salesforce: Salesforce) -> str:
    """The page of HubSpot's user."""
    return f"Salesforce Setup → Users → Users → {salesforce.integration_user}"


def scope(name: str) -> str:
    """Where a scope is added to HubSpot's token."""
    return f"{SCOPES}: add {name}"


def mapping(object_type: str) -> str:
    """Where a property is mapped to a Salesforce field."""
    return f"HubSpot → Marketplace → Connected apps → Salesforce → {_TABS.get(object_type, object_type)} → Mappings"
