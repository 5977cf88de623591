"""What can be the matter with the user that logs in: rows of the catalogue that go before all others.

Facts: Salesforce Help, *Login History* (its statuses), and what people report. A user who is locked out is told of with
the words of a limit ("too many login attempts"), and does not get in by waiting.
"""

from __future__ import annotations

from exporter.clients.salesforce.login_cause import LoginCause

USER_CAUSES = (
    LoginCause(
        name="several",
        told="Salesforce names several causes in one: a wrong username, password or security token, or {user} is "
        "locked out.",
        remedy="The login history of {user} says which: Setup → Login History. Neither password nor token are of use "
        "to the exporter.",
        words=("invalid username password", "security token"),
        codes=("invalid_login",),
    ),
    LoginCause(
        name="inactive user",
        told="{user} is inactive, frozen or locked out.",
        remedy="Activate, unfreeze or unlock it under Setup → Users, or let the app run as another user.",
        words=(
            "inactive user",
            "user inactive",
            "user not active",
            "user deactivat",
            "user disabled",
            "user frozen",
            "user lock",
            "user suspended",
            "account inactive",
            "account not active",
            "account deactivat",
            "account disabled",
            "account frozen",
            "account lock",
            "account suspended",
            "locked out",
            "lockout",
            "too many failed",
            "too many invalid",
            "too many incorrect",
            "failed login attempt",
        ),
        codes=("inactive_user", "user_locked", "user_frozen", "password_lockout", "login_user_locked"),
    ),
    LoginCause(
        name="password",
        told="The password of {user} has expired, or must be changed before anything else.",
        remedy="Set a new one, and let it never expire: a permission set or profile with Password Never Expires.",
        words=(
            "password expire",
            "change password",
            "password change",
            "reset password",
            "password reset",
            "new password",
            "temporary password",
        ),
        codes=("password_expired", "expired_password", "invalid_operation_with_expired_password"),
    ),
    LoginCause(
        name="verification",
        told="Salesforce wants {user} to prove who it is, which no program can.",
        remedy="Trust the exporter's address (Setup → Network Access), or exempt that user: Waive Multi-Factor "
        "Authentication for Exempt Users.",
        words=(
            "challenge requir",
            "mfa",
            "multi factor",
            "multifactor",
            "two factor",
            "verification code",
            "identity verif",
        ),
        codes=("challenge_required", "mfa_required", "interaction_challenge"),
    ),
)
