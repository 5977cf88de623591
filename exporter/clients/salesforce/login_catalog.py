"""Why Salesforce's token endpoint refuses a login: what it says, what that means, what to do. Pure.

Facts: Salesforce Help, *OAuth 2.0 Authorization Errors*, and what people report of the token endpoint. It answers 400
``invalid_grant`` to very different things, and only ``error_description`` tells them apart. Its wording changes with
the flow and the release ("audience is invalid", "Audience validation failed"), so words are looked for, in any case
and order, never a whole sentence. A description goes before the code, which is the same for many causes.
"""

from __future__ import annotations

from exporter.clients.salesforce.login_cause import LoginCause, words_of
from exporter.clients.salesforce.login_user_causes import USER_CAUSES
from exporter.errors import Again

_APP = "the app (Setup → External Client App Manager, or App Manager for a connected app)"

CAUSES = (
    *USER_CAUSES,
    # After the user: who is locked out after too many attempts does not get in by waiting.
    LoginCause(
        name="login rate",
        told="Salesforce takes no more logins of this user for now: there were too many within an hour.",
        remedy="It passes by itself. If it comes back, another program logs in as the same user for every call.",
        words=(
            "login rate",
            "rate limit",
            "rate exceed",
            "logins exceed",
            "login limit",
            "limit exceed",
            "too many login",
            "too many request",
            "too many token",
            "too many attempt",
            "too many authent",
        ),
        codes=("rate_limit_exceeded", "login_rate_exceeded", "too_many_requests", "limit_exceeded", "slow_down"),
        again=Again.SOON,
    ),
    LoginCause(
        name="maintenance",
        told="Salesforce logs nobody in during maintenance of the org.",
        remedy="It passes by itself; status.salesforce.com says when.",
        words=("maintenance", "org migrat", "read only mode"),
        again=Again.SOON,
    ),
    LoginCause(
        name="retry",
        told="Salesforce could not answer the login this time and asks to repeat it.",
        remedy="It passes by itself.",
        words=(
            "retry request",
            "try again later",
            "already being processed",
            "service unavailable",
            "server unavailable",
            "temporar unavailable",
            "internal error",
            "unexpected error",
        ),
        codes=("unknown_error", "server_error", "temporarily_unavailable", "service_unavailable"),
        again=Again.AT_ONCE,
    ),
    LoginCause(
        name="audience",
        told="The audience of the login is not one that this org takes.",
        remedy="Set {auth}.audience to https://test.salesforce.com for a sandbox, to https://login.salesforce.com for "
        "production, or to the org's My Domain URL.",
        words=("audience",),
    ),
    LoginCause(
        name="domain",
        told="This kind of login works only on the org's own My Domain.",
        remedy="Set salesforce.url to https://….my.salesforce.com as Setup → My Domain shows it; login.salesforce.com, "
        "test.salesforce.com, Lightning and setup addresses are refused.",
        words=("not support domain", "wrong domain", "invalid domain", "my domain", "mydomain"),
    ),
    LoginCause(
        name="app not installed",
        told="The org does not have the app that salesforce.auth names.",
        remedy="Create or install it in this org (Setup → External Client App Manager); if it exists in another one, "
        "salesforce.url is of the wrong org, such as production instead of the sandbox. A new app is known after some "
        "ten minutes.",
        words=("not install", "must install", "app not found", "app not exist", "cross org", "crossorg"),
        codes=("app_not_found", "oauth_ec_app_not_found"),
    ),
    LoginCause(
        name="app blocked",
        told="An administrator of the org has blocked the app.",
        remedy="Setup → Connected Apps OAuth Usage: unblock or install it.",
        words=("app block", "blocked admin", "uninstalled app", "uninstalled connected"),
        codes=("oauth_app_blocked", "app_blocked"),
    ),
    LoginCause(
        name="flow",
        told="The app does not offer this kind of login.",
        remedy="In the OAuth settings of " + _APP + " enable the Client Credentials Flow, or for a JWT the use of "
        "digital signatures; the org may also switch off flows under Setup → OAuth and OpenID Connect Settings.",
        words=("client credentials flow", "flow not enabled", "flow disabled", "grant type"),
        codes=("unsupported_grant_type", "unauthorized_client"),
    ),
    LoginCause(
        name="run-as user",
        told="The app has no user it could run as.",
        remedy="Choose one in the policies of " + _APP + ": Client Credentials Flow → Run As; a user with API access.",
        words=("no client credentials user", "client credentials user", "run as user", "execution user"),
    ),
    LoginCause(
        name="admin approval",
        told="No administrator has approved {user} for the app.",
        remedy="Give a profile or permission set of that user to the app: policies of " + _APP + " → Permitted Users "
        "are admin approved → Manage Profiles or Permission Sets.",
        words=(
            "admin approv",
            "admin authoriz",
            "administrator approv",
            "not approv access",
            "not authoriz access",
            "not authoriz app",
        ),
        codes=("invalid_app_access", "oauth_app_access_denied", "access_denied"),
    ),
    LoginCause(
        name="consent",
        told="{user} has not approved the app, or is no user of this org.",
        remedy="Set Permitted Users to admin approved in the policies of " + _APP + " and give a profile or permission "
        "set of that user to it; check the username, and that salesforce.url is of the org where it exists.",
        words=("approv consumer", "approv app", "authoriz consumer", "consent"),
        codes=("consent_required", "interaction_required"),
    ),
    LoginCause(
        name="ip or hours",
        told="Salesforce refuses logins of {user} from this address or at this hour.",
        remedy="Add the exporter's address to the login IP ranges of the user's profile, or relax IP restrictions in "
        "the policies of " + _APP + "; check the profile's login hours too.",
        words=("ip restrict", "ip address", "ip range", "login hours", "restricted time"),
    ),
    LoginCause(
        name="inactive org",
        told="The org is locked, closed or suspended, or its trial has ended.",
        remedy="Ask the org's administrator or Salesforce support; check that salesforce.url is of the right org.",
        words=("org inactive", "org locked", "org closed", "org suspended", "org not active", "trial expired"),
        codes=("inactive_org", "org_locked"),
    ),
    LoginCause(
        name="api disabled",
        told="{user} may not use the API, or the edition of the org has none.",
        remedy="Give the user API Enabled in its profile or a permission set.",
        words=("api not enabled", "api disabled", "api access denied"),
        codes=("api_disabled_for_org", "api_currently_disabled"),
    ),
    LoginCause(
        name="scopes",
        told="The app has no scope that this login may get.",
        remedy='Add "Manage user data via APIs (api)" to the OAuth scopes of ' + _APP + "; full access alone is not "
        "enough.",
        words=("scope",),
        codes=("invalid_scope",),
    ),
    LoginCause(
        name="clock",
        told="The assertion was not valid at the time Salesforce read it.",
        remedy="Set the clock of this machine right (NTP): an assertion holds two minutes.",
        words=(
            "expired authorization",
            "expired assertion",
            "expired jwt",
            "not yet valid",
            "expiration",
            "issued future",
        ),
    ),
    LoginCause(
        name="signature",
        told="The assertion is not signed with the key that the app knows.",
        remedy="Upload the certificate that belongs to {auth}.private_key_file to " + _APP + " → Use digital "
        "signatures; the key must be RSA.",
        words=("invalid assertion", "invalid signature", "signature", "certificate", "invalid jwt"),
        codes=("invalid_assertion",),
    ),
    LoginCause(
        name="client id",
        told="The org knows no app with this client id.",
        remedy="Set {auth}.client_id to the Consumer Key of " + _APP + "; check that salesforce.url is of the org that "
        "has the app. A new app is known after some ten minutes.",
        words=("client identifier", "client id", "consumer key", "issuer"),
        codes=("invalid_client_id",),
    ),
    LoginCause(
        name="client secret",
        told="The client secret does not belong to the client id.",
        remedy="Put the Consumer Secret of " + _APP + " into the file or variable that {auth} names, and check "
        "{auth}.client_id.",
        words=("client credentials", "client secret", "consumer secret", "secret"),
        codes=("invalid_client", "invalid_client_credentials"),
    ),
    LoginCause(
        name="https",
        told="Salesforce wants to be asked over https.",
        remedy="Begin salesforce.url with https://.",
        words=("https required", "requires https"),
    ),
    LoginCause(
        name="username",
        told="{user} is no user of this org.",
        remedy="Check the username (a sandbox appends its name) and that salesforce.url is of the right org.",
        words=("invalid username", "user not found", "unknown user", "no such user", "find user"),
    ),
    LoginCause(
        name="no reason",
        told="Salesforce gives no reason (authentication failure).",
        remedy="The login history of {user} says more: Setup → Login History.",
        words=("authentication fail", "invalid user credentials", "invalid credentials"),
    ),
)
"""Read from the top: what is special stands before what is general."""

UNKNOWN = LoginCause(
    name="unknown",
    told="Salesforce refused the login with a description this version does not know.",
    remedy="With --log.level=debug the log has its plain words; the login history of {user} may say more: Setup → "
    "Login History.",
)
SILENT = LoginCause(
    name="silent",
    told="The login was refused by something that does not answer like Salesforce.",
    remedy="Check that salesforce.url is the org's My Domain URL, and whether a proxy or firewall stands before it.",
)


def login_cause(code: str | None, description: str | None) -> LoginCause:
    """The cause of a refusal by the ``error`` and ``error_description`` of its body, ``None`` where it has none."""
    words = words_of(description or "")
    named = (code or "").casefold()
    for cause in CAUSES:
        if cause.meant_by(words):
            return cause
    for cause in CAUSES:
        if named in cause.codes:
            return cause
    return UNKNOWN if code or description else SILENT
