"""What each of the e-mails in ``messages`` is to be read as.

They were written for the tests: the wording of HubSpot's own is not public. Every one says so in ``X-Synthetic``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MESSAGES = Path(__file__).parent / "messages"
PATTERNS = Path(__file__).parent / "patterns"
ACCOUNT = "7654321"


@dataclass(frozen=True, slots=True)
class Expected:
    """``patterns``: the owner's file that it takes. ``relevant``: HubSpot wrote it, and it tells the state."""

    result: str
    kind: str | None = None
    reason: str | None = None
    categories: tuple[str, ...] = ()
    account: str | None = None
    patterns: str | None = None
    relevant: bool = False


def suspended(reason: str | None, patterns: str | None = None, account: str = ACCOUNT) -> Expected:
    return Expected("matched", "suspension", reason, account=account, patterns=patterns, relevant=True)


def cleared(reason: str | None = None) -> Expected:
    return Expected("matched", "clearance", reason, account=ACCOUNT, relevant=True)


def errors(*categories: str) -> Expected:
    return Expected("matched", "sync_errors", categories=categories, account=ACCOUNT, relevant=True)


IGNORED, UNMATCHED = Expected("ignored"), Expected("unmatched")

EXPECTED: dict[str, Expected] = {
    # The eleven reasons, each in another form.
    "suspended-01-org-api-limit-plain": suspended("salesforce_org_api_limit_exceeded"),
    "suspended-02-api-access-html-only": suspended("salesforce_org_api_access_disabled"),
    "suspended-03-unknown-error-multipart": suspended("unknown_error"),
    "suspended-04-object-permissions-quoted-printable": suspended("salesforce_object_permissions_missing"),
    "suspended-05-field-permissions-base64": suspended("salesforce_field_permissions_missing"),
    "suspended-06-org-locked-microsoft-365": suspended("salesforce_org_locked"),
    "suspended-07-storage-no-authentication-results": suspended("salesforce_org_storage_limit_exceeded"),
    "suspended-08-unavailable-several-results": suspended("salesforce_org_unavailable"),
    "suspended-09-server-error-nested-tables": suspended("salesforce_server_error"),
    "suspended-10-hubspot-api-limit-wrong-charset": suspended("hubspot_api_limit_exceeded"),
    "suspended-11-field-mappings-hard-wrapped": suspended("missing_field_mappings"),
    # The end of one.
    "cleared-01-by-button": cleared(),
    "cleared-02-by-itself": cleared("hubspot_api_limit_exceeded"),
    "cleared-03-html-only": cleared(),
    # New errors at once: the eight categories.
    "errors-01-associations": errors("associations"),
    "errors-02-custom-code": errors("custom_code"),
    "errors-03-duplicates-html": errors("duplicates"),
    "errors-04-permissions": errors("permissions"),
    "errors-05-picklists": errors("picklists"),
    "errors-06-property-mappings": errors("property_mappings"),
    "errors-07-property-values": errors("property_values"),
    "errors-08-other": errors("other"),
    "errors-09-with-a-record-and-a-bucket": errors("custom_code"),
    # Digests: categories with 0 errors are none.
    "digest-01-daily-all-categories": errors(
        "associations", "duplicates", "permissions", "picklists", "property_values", "other"
    ),
    "digest-02-weekly-base64-html": errors("duplicates", "property_values"),
    # Other languages; Portuguese does not ship.
    "language-01-finnish-suspension": suspended("salesforce_org_storage_limit_exceeded"),
    "language-02-polish-digest": errors("picklists", "property_values"),
    "language-03-german-errors": errors("picklists", "property_mappings"),
    "language-04-danish-suspension-windows-1252": suspended("salesforce_org_api_limit_exceeded"),
    "language-05-japanese-errors": errors(),
    "language-06-portuguese-suspension": suspended("salesforce_org_api_limit_exceeded", "portuguese.yml"),
    # Passed on and answered.
    "forwarded-01-as-attachment": suspended("salesforce_org_locked", "forwarder.yml"),
    "forwarded-02-inline": Expected("unmatched", patterns="forwarder.yml"),
    "replied-01-by-a-colleague": IGNORED,
    "replied-02-by-hubspot-support": UNMATCHED,
    # About something else, or about everything.
    "newsletter-01-of-hubspot": IGNORED,
    "newsletter-02-of-a-consultancy": IGNORED,
    "newsletter-03-customer-story-of-hubspot": UNMATCHED,
    "unrelated-01-email-sending-suspended": IGNORED,
    "unrelated-02-form-submission": IGNORED,
    "unrelated-03-another-app-suspended": IGNORED,
    # What other people wrote, quoted by HubSpot.
    "quoted-01-ticket": UNMATCHED,
    "quoted-02-form-submission": UNMATCHED,
    "quoted-03-name-of-a-visitor": UNMATCHED,
    "quoted-04-without-any-link": UNMATCHED,
    # From somebody else.
    "forged-01-failing-dkim": UNMATCHED,
    "forged-02-look-alike-domain": IGNORED,
    "forged-03-address-in-the-name": IGNORED,
    "forged-04-results-of-its-own": UNMATCHED,
    "forged-05-signed-by-somebody-else": UNMATCHED,
    "forged-06-two-senders": IGNORED,
    "forged-07-a-second-header-in-the-servers-name": UNMATCHED,
    "forged-08-behind-a-relay-that-states-nothing": UNMATCHED,
    "forged-09-received-spf-fails": UNMATCHED,
    "forged-10-signed-by-itself-and-by-its-word": UNMATCHED,
    "customer-01-through-hubspots-servers": IGNORED,
    # Two statements at once, or none that is known.
    "unclear-01-two-reasons": UNMATCHED,
    "unclear-02-suspended-and-not": UNMATCHED,
    "unclear-03-a-warning": UNMATCHED,
    "unclear-04-new-wording": UNMATCHED,
    # Odd, and read all the same.
    "odd-01-no-known-reason": suspended(None),
    "odd-02-malformed-mime": suspended("salesforce_org_locked"),
    "odd-03-greeting-in-the-plain-part": suspended("missing_field_mappings"),
    "odd-04-through-a-group": suspended("salesforce_org_locked", "group.yml"),
    "odd-05-another-account": suspended("salesforce_org_locked", account="1112223"),
    "odd-06-redirected-by-another-server": suspended("salesforce_org_locked"),
    "odd-07-a-header-for-each-method": suspended("salesforce_org_locked"),
    "odd-08-behind-a-relay-that-states-nothing": cleared(),
}
