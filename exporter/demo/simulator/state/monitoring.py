"""What the app and the user may do as which somebody monitors the Salesforce org.

It is another user than HubSpot's. What it may not see does not exist for it: Salesforce then says of an object that it
is *not supported*.
"""

from dataclasses import dataclass

# The objects that each permission lets it see.
_SETUP = frozenset(
    {"PermissionSet", "PermissionSetAssignment", "PermissionSetGroupComponent", "ObjectPermissions", "FieldPermissions"}
)
_LOGINS = frozenset({"UserLogin"})
_LOGS = frozenset({"EventLogFile"})


@dataclass(slots=True)
class Monitoring:
    """Everything is granted at first. `api_scope` is the app's, the rest are permissions of its user."""

    api_scope: bool = True
    api_enabled: bool = True
    view_setup: bool = True
    view_event_log_files: bool = True
    manage_users: bool = True

    @property
    def invisible(self) -> frozenset[str]:
        """Objects that there are not, for this user."""
        return (
            (frozenset() if self.view_setup else _SETUP)
            | (frozenset() if self.manage_users else _LOGINS)
            | (frozenset() if self.view_event_log_files else _LOGS)
        )
