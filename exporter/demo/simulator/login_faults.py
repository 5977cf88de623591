"""What the token endpoint says instead of logging in, by name: status, error, description.

The words are those that people report of it."""

LOGIN_FAULTS = {
    "audience_invalid": (400, "invalid_grant", "audience is invalid"),
    "user_not_approved": (400, "invalid_grant", "user hasn't approved this consumer"),
    "user_not_admin_approved": (400, "invalid_app_access", "user is not admin approved to access this app"),
    "domain_not_supported": (400, "invalid_grant", "request not supported on this domain"),
    "user_inactive": (400, "invalid_grant", "inactive user"),
    "no_run_as_user": (400, "invalid_grant", "no client credentials user enabled"),
    "app_not_installed": (400, "invalid_grant", "External client app is not installed in this org"),
    "app_blocked": (400, "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    "client_id_invalid": (400, "invalid_client_id", "client identifier invalid"),
    "client_secret_invalid": (400, "invalid_client", "invalid client credentials"),
    "flow_not_enabled": (400, "unsupported_grant_type", "grant type not supported"),
    "no_scopes": (400, "invalid_grant", "no valid scopes defined"),
    "ip_restricted": (400, "invalid_grant", "ip restricted"),
    "org_inactive": (400, "inactive_org", "organization is locked, closed, or suspended"),
    "authentication_failure": (400, "invalid_grant", "authentication failure"),
    "unknown_login_error": (400, "invalid_grant", "the user jane.doe@example.com cannot be matched"),
    "retry_your_request": (400, "unknown_error", "retry your request"),
    "login_rate_exceeded": (400, "invalid_grant", "login rate exceeded"),
}
