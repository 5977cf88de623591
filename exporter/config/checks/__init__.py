"""One file per kind of check; ``CHECKS`` is the table of all of them.

A check takes a draft, whose data may be anything at all, and yields what is wrong with it. What the schema refuses
already it leaves alone. A new one is a function beside its like, a line here, and a broken file in
``tests/config/bad_configs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.config.checks import (
    actions,
    canaries,
    directories,
    exports,
    fields,
    hooks,
    hubspot_urls,
    intervals,
    ledger,
    mailboxes,
    names,
    network,
    salesforce_urls,
    secrets,
    store,
    unsynced,
    urls,
)
from exporter.config.draft import Draft
from exporter.config.finding import Finding

Check = Callable[[Draft], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    names.duplicate_names,
    store.unusable_store,
    store.unwritable_store,
    network.unusable_proxy,
    network.meaningless_exemptions,
    network.unusable_authorities,
    urls.unsafe_urls,
    salesforce_urls.wrong_hosts,
    salesforce_urls.wrong_audiences,
    salesforce_urls.shortened_client_ids,
    hubspot_urls.web_application,
    fields.without_permissions,
    secrets.unreadable_files,
    secrets.unset_variables,
    directories.missing_directories,
    mailboxes.unsafe_mailboxes,
    mailboxes.senseless_accounts,
    mailboxes.unusable_patterns,
    mailboxes.mixed_up_mailboxes,
    exports.unreadable_titles,
    exports.odd_ages,
    intervals.short_intervals,
    unsynced.short_windows,
    unsynced.odd_filters,
    unsynced.too_many_filters,
    actions.unconfigured_actions,
    actions.unconfigured_policy_actions,
    actions.cleared_in_vain,
    actions.meaningful_properties,
    hooks.odd_timeouts,
    canaries.without_access,
    canaries.meaningful_properties,
    canaries.shared_properties,
    canaries.other_records,
    canaries.odd_times,
    ledger.odd_times,
    ledger.long_cooldowns,
)
