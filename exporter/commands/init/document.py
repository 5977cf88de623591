"""The configuration as text, with comments: what was answered, and what else there is as examples. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from exporter.commands.init.examples import CANARY, MAILBOX, REMEDIATION, UNSYNCED, touch
from exporter.commands.init.files import (
    api_file,
    bridge_file,
    hubspot_file,
    mailbox_file,
    salesforce_file,
    webhook_file,
)
from exporter.commands.init.questions import IMAPS, JWT_BEARER, Answers

_HEAD = """\
# Configuration of hubspot-salesforce-exporter for one integration. Every key: exporter/README.md, Configuration.
# Secrets stand in files, readable by the exporter alone, never in here; relative paths are relative to this file.
store: sqlite:///hubspot-salesforce.db          # or postgresql://USER@HOST/DATABASE, for several replicas

integrations:
  - name: {name}
"""

_SALESFORCE = """\
    salesforce:
      url: {url}
      # Its user needs API Enabled and View Setup and Configuration; View Event Log Files for the calls of each app;
      # Manage Users to see whether HubSpot's user is frozen; Read and View All Records on each of `objects` below but
      # User, for the newest writes to it (or switch these off: intervals: {{salesforce_heartbeat: off}}).
      auth:
"""

_CLIENT_CREDENTIALS = """\
        client_credentials:                     # the app needs the scope api and a run-as user
          client_id: {client_id}
          client_secret_file: {file}
"""

_JWT_BEARER = """\
        jwt_bearer:                             # the app needs the scope api, and the certificate of the key
          client_id: {client_id}
          username: {username}
          private_key_file: {file}
"""

_USER = """\
      integration_user: {user}
      # permission_set: HubSpot Integration     # what the name of its permission set begins with
      # objects: [Lead, Contact, Account, Opportunity, Campaign, Task, User]
      # fields: {{Contact: [Phone, Title]}}       # fields it must read and edit
      # max_api_calls_per_day: 500              # what monitoring may cost: a hard cap
    hubspot:
      # A service key with the scopes crm.objects.contacts.read, crm.objects.companies.read, crm.objects.deals.read;
      # to resync by touch also crm.objects.….write and crm.schemas.….read of these three.
      token_file: {token}
      # allocated_api_calls: 60000              # "Allocated to HubSpot" on the Sync Health page
      # connected_app: HubSpot                  # its name in Salesforce's event log
      # heartbeat_objects: [contacts, companies, deals]   # leave out what is not synced
"""

_BRIDGE = """\
    sync_health:                                # what only HubSpot's Sync Health page shows
      url: {url}
      token_file: {file}
"""

_NO_BRIDGE = """\
    # sync_health:                              # exported errors, dropped there as files
    #   directory: sync-health
"""

_MAILBOX = """\
    mailbox:                                    # HubSpot's notification e-mails, which are only read
      host: {host}
      port: {port}
      username: {username}
      password_file: {file}
      # access_token_file: secrets/mailbox-token   # instead of a password, as Microsoft and Google want it (XOAUTH2)
"""

_NOTIFY = """\
    # notify: immediate                         # how often sync errors are told of: immediate, daily, weekly, off
"""

_REMEDIATION = """\

remediation:
  webhook_token_file: {webhook:<26}# the bearer token that Alertmanager sends
  api_token_file: {api:<30}# who brings it may order and approve resyncs
"""


def document(answers: Answers) -> str:
    """YAML that ``check-config`` calls good as soon as the files of the secrets are there."""
    return "".join(_parts(answers))


def _parts(answers: Answers) -> Iterator[str]:
    name = answers["name"]
    yield _HEAD.format(name=_scalar(name))
    yield _SALESFORCE.format(url=_scalar(answers["salesforce_url"].rstrip("/")))
    flow = _JWT_BEARER if answers["login"] == JWT_BEARER else _CLIENT_CREDENTIALS
    yield flow.format(
        client_id=_scalar(answers["client_id"]),
        username=_scalar(answers.get("username", "")),
        file=_scalar(salesforce_file(answers)),
    )
    yield _USER.format(user=_scalar(answers["integration_user"]), token=_scalar(hubspot_file(name)))
    yield UNSYNCED
    yield from _page(answers)
    yield CANARY
    yield touch(answers.get("touch_property", ""))
    yield _NOTIFY
    yield _REMEDIATION.format(webhook=webhook_file(), api=api_file())
    yield REMEDIATION


def _page(answers: Answers) -> Iterator[str]:
    """What tells of errors and suspensions."""
    name, url = answers["name"], answers.get("bridge_url")
    yield _BRIDGE.format(url=_scalar(url.rstrip("/")), file=_scalar(bridge_file(name))) if url else _NO_BRIDGE
    server = answers.get("mailbox")
    if not server:
        yield MAILBOX
        return
    host, _, port = server.partition(":")
    yield _MAILBOX.format(
        host=_scalar(host),
        port=f"{port}\n      tls: starttls" if port == "143" else port or IMAPS,
        username=_scalar(answers["mailbox_username"]),
        file=_scalar(mailbox_file(name)),
    )


def _scalar(text: str) -> str:
    """In quotes where it would mean something else without."""
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("\n").removesuffix("\n...")
