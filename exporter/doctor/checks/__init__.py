"""One file per part of a configuration; the tables say which checks there are, in the order in which they are made.

What a check needs stands before it. A new one is a file beside its like and a line here.
"""

from __future__ import annotations

from exporter.doctor.check import Check
from exporter.doctor.checks import (
    bridge,
    call_cap,
    canary,
    clock,
    connected_app,
    directory,
    event_log,
    hubspot_account,
    hubspot_objects,
    hubspot_token,
    hubspot_unsynced,
    integration_user,
    last_writes,
    mailbox,
    notes,
    permission_set,
    permissions,
    salesforce_address,
    salesforce_api,
    salesforce_login,
    store,
    tokens,
    touch_proof,
    touch_property,
    trust,
    write_scope,
)
from exporter.doctor.house import House
from exporter.doctor.patient import Patient

HOUSE_CHECKS: tuple[Check[House], ...] = (notes.CHECK, store.CHECK, *tokens.CHECKS)
"""Of what all integrations share."""

CHECKS: tuple[Check[Patient], ...] = (
    salesforce_address.CHECK,
    hubspot_token.CHECK,
    clock.CHECK,
    call_cap.CHECK,
    salesforce_login.CHECK,
    *salesforce_api.CHECKS,
    *integration_user.CHECKS,
    permission_set.CHECK,
    *permissions.CHECKS,
    last_writes.CHECK,
    event_log.CHECK,
    connected_app.CHECK,
    trust.CHECK,
    hubspot_account.CHECK,
    hubspot_objects.CHECK,
    hubspot_unsynced.CHECK,
    bridge.CHECK,
    directory.CHECK,
    *mailbox.CHECKS,
    touch_property.CHECK,
    write_scope.CHECK,
    touch_proof.CHECK,
    canary.CHECK,
)
"""Of one integration."""
