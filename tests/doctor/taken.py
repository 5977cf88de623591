"""Permissions, scopes, settings and mappings: how each is taken away from a company, and what has to be said then."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass

from exporter.demo.simulator.faults import Fault
from tests.doctor.patient_room import TOUCH, PatientRoom, jwt_login


@dataclass(frozen=True)
class Taken:
    """``take`` takes it away; ``check`` and ``subject`` are where it has to be found, ``told`` a pattern of what has to
    be said of it, cause and remedy."""

    name: str
    take: Callable[[PatientRoom], object]
    check: str
    told: str
    subject: str = ""


def _scope(room: PatientRoom, *scopes: str) -> None:
    room.org.missing_scopes = frozenset(scopes)


def _setting(room: PatientRoom, section: str, **changes: object) -> None:
    room.entry[section] |= changes


def _filter(room: PatientRoom) -> None:
    condition = {"propertyName": "in_segment", "operator": "EQ", "value": "true"}
    _setting(room, "hubspot", unsynced={"filters": {"companies": [condition]}})
    room.org.absent_properties = frozenset({"in_segment"})


def _fault(room: PatientRoom, api: str, name: str) -> None:
    room.org.faults.put(Fault(api, name))


def _clock_off(room: PatientRoom) -> None:
    room.entry["salesforce"]["auth"] = jwt_login()
    room.org.clock_ahead = 600.0


def _empty_directory(room: PatientRoom) -> None:
    (room.folder / "dropped").mkdir()
    room.entry["sync_health"] = {"directory": "dropped"}


def _other_column(room: PatientRoom) -> None:
    _empty_directory(room)
    room.write("dropped/picklists.csv", "Was,Wer\nfalsch,101\n")


def _newer_store(room: PatientRoom) -> None:
    with contextlib.closing(sqlite3.connect(room.folder / "exporter.db")) as store:
        store.executescript(
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')"
        )


def _guessable_suspension_token(room: PatientRoom) -> None:
    room.write("suspension-token", "a" * 40)
    room.data["remediation"]["suspension_token_file"] = "suspension-token"


def _unmapped(room: PatientRoom) -> None:
    room.org.unmapped = frozenset({TOUCH})
    room.prove = "contacts/101"


def _way_back(room: PatientRoom, field: str, uneditable: Collection[str] = ()) -> None:
    _setting(room, "canary", back={"field": field, "property": "salesforce_canary_back"})
    room.org.records.in_salesforce.oddities.uneditable = frozenset(uneditable)


def _audience(room: PatientRoom) -> None:
    room.entry["salesforce"]["auth"] = jwt_login()
    _fault(room, "token", "audience_invalid")


def _permission(permission: str, right: str, check: str) -> Taken:
    """One of the exporter's own user in Salesforce."""
    return Taken(
        f"{permission} of the exporter's user",
        lambda room: room.org.set_monitoring(**{right: False}),
        check,
        f"System Permissions → {permission}",
    )


TAKEN = (
    Taken(
        "client secret",
        lambda room: room.write("client-secret", "another"),
        "login",
        "client secret does not belong to the client id.* Put the Consumer Secret",
    ),
    Taken(
        "client id",
        lambda room: room.entry["salesforce"]["auth"]["client_credentials"].update(client_id="x"),
        "login",
        "The org knows no app with this client id",
    ),
    Taken("audience", _audience, "login", r"salesforce\.auth\.jwt_bearer\.audience to https://test\.salesforce\.com"),
    Taken(
        "run-as user", lambda room: _fault(room, "token", "no_run_as_user"), "login", "Client Credentials Flow → Run As"
    ),
    Taken(
        "approval of the app",
        lambda room: _fault(room, "token", "user_not_admin_approved"),
        "login",
        "Permitted Users are admin approved → Manage Profiles or Permission Sets",
    ),
    Taken(
        "scope api",
        lambda room: room.org.set_monitoring(api_scope=False),
        "api",
        r'OAuth settings → scope "Manage user data via APIs \(api\)"',
    ),
    _permission("API Enabled", "api_enabled", "api"),
    _permission("View Setup and Configuration", "view_setup", "view setup"),
    _permission("View Event Log Files", "view_event_log_files", "event log"),
    _permission("Manage Users", "manage_users", "frozen"),
    Taken(
        "version of Salesforce's API",
        lambda room: _setting(room, "salesforce", api_version="40.0"),
        "address",
        r"serves API versions 41\.0 to 68\.0, not 40\.0.*salesforce\.api_version",
    ),
    Taken(
        "integration user",
        lambda room: _setting(room, "salesforce", integration_user="hubspot@acme.exmaple"),
        "user",
        "shows no user hubspot@acme.exmaple.*salesforce.integration_user",
    ),
    Taken("active", lambda room: room.org.set_user(active=False), "user", "Edit → Active", "active"),
    Taken(
        "not frozen", lambda room: room.org.set_user(frozen=True), "frozen", "Users → hubspot@acme.example → Unfreeze"
    ),
    Taken(
        "API Enabled of HubSpot's user",
        lambda room: room.org.set_user(api_enabled=False),
        "api enabled",
        "hubspot@acme.example → its profile, or a permission set → System Permissions → API Enabled",
    ),
    Taken(
        "permission set",
        lambda room: room.org.set_permission_set(assigned=False),
        "permission set",
        'begins with "HubSpot Integration".*Permission Set Assignments → Edit Assignments',
    ),
    Taken(
        "edit on Lead",
        lambda room: room.org.set_object_permission("Lead", False, "edit"),
        "objects",
        "edit on Lead is missing.*Object Settings → Lead: Edit",
        "Lead",
    ),
    Taken(
        "read and edit on Contact.Email",
        lambda room: room.org.set_field_permission("Contact", "Email", False),
        "fields",
        "read and edit on Contact.Email is missing.*Field Permissions → Contact.Email",
        "Contact.Email",
    ),
    Taken(
        "reading accounts",
        lambda room: setattr(room.org, "hidden", {"Account"}),
        "last writes",
        "INVALID_TYPE.*a set of the app's run-as user → Object Settings → Account: Read, View All Records",
        "Account",
    ),
    Taken(
        "name of the connected app",
        lambda room: _setting(room, "hubspot", connected_app="Hub Spot"),
        "connected app",
        'calls as HubSpot.*hubspot.connected_app: "HubSpot"',
    ),
    Taken(
        "instance of the status page",
        lambda room: room.entry["salesforce"]["status"].update(instance="NA99"),
        "trust",
        "no instance NA99.*salesforce.status",
    ),
    Taken(
        "HubSpot token",
        lambda room: room.write("hubspot-token", "another"),
        "token",
        "HubSpot does not take the token.*Development → Keys",
    ),
    Taken(
        "scope to read companies",
        lambda room: _scope(room, "crm.objects.companies.read"),
        "objects of HubSpot",
        r"crm\.objects\.companies\.read.*Service keys.*add crm\.objects\.companies\.read",
        "companies",
    ),
    Taken(
        "scope to read the account",
        lambda room: setattr(room.org, "account_out_of_scope", {"details"}),
        "account",
        "A scope is missing: oauth.*Service keys",
        "account",
    ),
    Taken(
        "sync of deals",
        lambda room: setattr(room.org, "absent_properties", {"hs_salesforceopportunityid"}),
        "objects of HubSpot",
        "deals have no property hs_salesforceopportunityid.*turn on the sync of deals",
        "deals",
    ),
    Taken(
        "property of a filter",
        _filter,
        "unsynced",
        r"hubspot\.unsynced\.filters\.companies \(in_segment\).*properties that HubSpot has",
        "companies",
    ),
    Taken(
        "scope to write contacts",
        lambda room: _scope(room, "crm.objects.contacts.write"),
        "write scope",
        r"A scope is missing: crm\.objects\.contacts\.write.*add crm\.objects\.contacts\.write",
        "contacts",
    ),
    Taken(
        "scope to read the properties of deals",
        lambda room: _scope(room, "crm.schemas.deals.read"),
        "property",
        r"A scope is missing: crm\.schemas\.deals\.read.*Service keys",
        "deals",
    ),
    Taken(
        "touch property",
        lambda room: setattr(room.org, "absent_properties", {TOUCH}),
        "property",
        f"{TOUCH} of contacts, companies, deals does not exist.*Create property",
        TOUCH,
    ),
    Taken(
        "type of the touch property",
        lambda room: setattr(room.org, "property_types", {TOUCH: "string"}),
        "property",
        "is of type string, not datetime.*date and time picker",
        TOUCH,
    ),
    Taken(
        "writing the touch property",
        lambda room: setattr(room.org, "read_only_properties", {TOUCH}),
        "property",
        "is read-only",
        TOUCH,
    ),
    Taken(
        "mapping of the touch property",
        _unmapped,
        "proof",
        f'{TOUCH} is not mapped.*Salesforce → Contacts → Mappings: map {TOUCH}.*"Two-way"',
    ),
    Taken(
        "property of the canary",
        lambda room: setattr(room.org, "absent_properties", {"salesforce_canary"}),
        "canary",
        "the property salesforce_canary of contacts does not exist",
        "contacts/101",
    ),
    Taken(
        "record of the canary",
        lambda room: _setting(room, "canary", salesforce_id="0030000000000AA"),
        "canary",
        r"is synced with another Salesforce record.*canary\.salesforce_id",
        "contacts/101",
    ),
    Taken(
        "field of the canary",
        lambda room: setattr(room.org, "hidden", {"Contact.HubSpot_Canary__c"}),
        "canary",
        "Contact has no field HubSpot_Canary__c.*Set Field-Level Security",
        "Contact/003000000000101SIM",
    ),
    Taken(
        "field of the way back",
        lambda room: _way_back(room, "HubSpot_Canary_Typo__c"),
        "canary",
        r"Contact has no field HubSpot_Canary_Typo__c.*canary\.back\.field",
        "Contact/003000000000101SIM",
    ),
    Taken(
        "edit on the field of the way back",
        lambda room: _way_back(room, "HubSpot_Canary_Back__c", uneditable={"Contact.HubSpot_Canary_Back__c"}),
        "canary",
        r"may not edit Contact\.HubSpot_Canary_Back__c \(canary\.back\.field\).*→ HubSpot_Canary_Back__c: Edit",
        "Contact/003000000000101SIM",
    ),
    Taken(
        "edit on the object of the way back",
        lambda room: _way_back(room, "HubSpot_Canary_Back__c", uneditable={"Contact"}),
        "canary",
        r"may not edit Contact, as canary\.back.*a set of the app's run-as user → Object Settings → Contact: Edit",
        "Contact/003000000000101SIM",
    ),
    Taken(
        "mailbox password",
        lambda room: room.write("mailbox-password", "another"),
        "mailbox",
        "the login of crm-alerts@acme.example is refused: check mailbox.username and the password",
    ),
    Taken(
        "mailbox folder",
        lambda room: _setting(room, "mailbox", folder="HubSpot"),
        "mailbox",
        r"no folder .HubSpot. that crm-alerts@acme.example may read \(mailbox.folder\)",
    ),
    Taken(
        "bridge token",
        lambda room: room.write("bridge-token", "another"),
        "bridge",
        r"The bridge does not take the token.*sync_health\.token_file",
    ),
    Taken(
        "webhook token",
        lambda room: room.write("webhook-token", ""),
        "file",
        r"remediation\.webhook_token_file: .*webhook-token. is empty",
    ),
    Taken(
        "a webhook token that is hard to guess",
        lambda room: room.write("webhook-token", "secret"),
        "webhook token",
        r"too easily guessed.*remediation\.webhook_token_file",
    ),
    Taken("clock", _clock_off, "clock", "10 min behind the servers' clocks.*NTP"),
    Taken(
        "directory of the store",
        lambda room: room.data.update(store="sqlite:///gone/exporter.db"),
        "file",
        "store: .*gone",
    ),
    Taken(
        "column of an export",
        _other_column,
        "directory",
        r"picklists.csv: line 1: no heading tells the error type.*sync_health\.mapping",
        "picklists.csv",
    ),
    Taken(
        "the store's file",
        lambda room: room.write("exporter.db", "no database, whatever it is called" * 20),
        "store",
        "file is not a database.*restore a copy of what `store` names",
    ),
    Taken(
        "the version that wrote the store",
        _newer_store,
        "store",
        "written by a newer version.*run the newer version, or name a copy of the store from before",
    ),
    Taken(
        "an API token that is hard to guess",
        lambda room: room.write("api-token", "a" * 40),
        "api token",
        r"too easily guessed.*remediation\.api_token_file",
    ),
    Taken(
        "a suspension token that is hard to guess",
        _guessable_suspension_token,
        "suspension token",
        r"too easily guessed.*remediation\.suspension_token_file",
    ),
    Taken(
        "room below the cap",
        lambda room: _setting(room, "salesforce", max_api_calls_per_day=1),
        "call cap",
        r"salesforce\.max_api_calls_per_day",
    ),
)
