"""What HubSpot's integration user may do in Salesforce.

Its profile gives (or not) *API Enabled*; a permission set gives objects and fields: that of HubSpot's package, assigned
directly or through a permission set group, or one of the org's own where the package is not installed.
A cause is named by a key: `object:Contact.edit`, `field:Contact.Email`.
"""

import time
from dataclasses import dataclass, field

from exporter.demo.simulator.clock import Clock

ACCESSES = ("read", "edit")
DIRECT, GROUP, OWN = "direct", "group", "own"
WAYS = (DIRECT, GROUP, OWN)

# What writing a record of an object needs: the object, what it looks up to, and tasks for its activities.
NEEDS: dict[str, tuple[str, ...]] = {
    "Lead": ("Lead", "User", "Task"),
    "Contact": ("Contact", "Account", "User", "Task"),
    "Account": ("Account", "User"),
    "Opportunity": ("Opportunity", "Account", "Campaign", "User"),
}
OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task", "User")
# Fields that HubSpot writes. Required ones such as LastName are not here: no field permissions exist for them.
FIELDS = (
    *("Lead.Email", "Lead.Phone", "Lead.Title"),
    *("Contact.Email", "Contact.Phone", "Contact.Title"),
    *("Account.Website", "Account.Industry", "Account.Phone"),
    *("Opportunity.Amount", "Opportunity.NextStep"),
)


def _everything(names: tuple[str, ...]) -> dict[str, set[str]]:
    return {name: set(ACCESSES) for name in names}


@dataclass(slots=True)
class Assignment:
    """The assignment that gives objects and fields: by which `way`, until when, and what makes it worth nothing."""

    way: str = DIRECT
    ends: float | None = None
    active: bool = True
    revoked: bool = False
    session_based: bool = False


@dataclass(slots=True)
class Access:
    """Permissions of the integration user; everything is granted at first."""

    clock: Clock = time.time
    user_active: bool = True
    user_frozen: bool = False
    password_locked: bool = False
    api_enabled: bool = True
    permission_set_assigned: bool = True
    package_installed: bool = True
    assignment: Assignment = field(default_factory=Assignment)
    objects: dict[str, set[str]] = field(default_factory=lambda: _everything(OBJECTS))
    fields: dict[str, set[str]] = field(default_factory=lambda: _everything(FIELDS))

    @property
    def may_use_api(self) -> bool:
        """Can the user log in, and is the API enabled for it?"""
        return self.user_active and self.api_enabled and not self.user_frozen and not self.password_locked

    @property
    def granted(self) -> bool:
        """Does the assignment give what its permission set holds?"""
        one = self.assignment
        over = one.ends is not None and one.ends <= self.clock()
        return self.permission_set_assigned and one.active and not (one.revoked or one.session_based or over)

    def set_object(self, name: str, access: str | None, granted: bool) -> None:
        """Grant or withdraw one access to an object, or (None) both."""
        _change(self.objects, name, access, granted)

    def set_field(self, name: str, access: str | None, granted: bool) -> None:
        """Grant or withdraw one access to a field (`Contact.Email`), or (None) both."""
        _change(self.fields, name, access, granted)

    def obstacle(self, salesforce_object: str) -> str | None:
        """The first missing permission that keeps HubSpot from writing a record of this object."""
        for needed in NEEDS[salesforce_object]:
            missing = self._missing_of_object(needed)
            if missing:
                return missing[0]
        for name, granted in self.fields.items():
            if len(granted) < len(ACCESSES) and name.startswith(f"{salesforce_object}."):
                return f"field:{name}"
        return None

    def missing_objects(self) -> list[str]:
        """Keys of all missing object permissions; all of them while nothing is granted."""
        return [key for name in self.objects for key in self._missing_of_object(name)]

    def missing_fields(self) -> list[str]:
        """Keys of all fields without read or without edit."""
        return [f"field:{name}" for name, granted in self.fields.items() if self._lacks(granted)]

    def holds(self, cause: str) -> bool:
        """Is the permission of this key missing?"""
        kind, _, name = cause.partition(":")
        if kind == "field":
            return self._lacks(self.fields.get(name, set()))
        name, _, access = name.partition(".")
        return not self.granted or access not in self.objects.get(name, set())

    def _lacks(self, granted: set[str]) -> bool:
        return not self.granted or len(granted) < len(ACCESSES)

    def _missing_of_object(self, name: str) -> list[str]:
        granted = self.objects[name] if self.granted else set()
        return [f"object:{name}.{access}" for access in ACCESSES if access not in granted]


def _change(kept: dict[str, set[str]], name: str, access: str | None, granted: bool) -> None:
    accesses = set(ACCESSES) if access is None else {access}
    before = kept.get(name, set())
    kept[name] = before | accesses if granted else before - accesses
