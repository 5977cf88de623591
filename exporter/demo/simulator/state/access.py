"""What HubSpot's integration user may do in Salesforce.

Its profile gives (or not) *API Enabled*; the *HubSpot Integration* permission set gives objects and fields.
A cause is named by a key: `object:Contact.edit`, `field:Contact.Email`.
"""

from dataclasses import dataclass, field

ACCESSES = ("read", "edit")

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
class Access:
    """Permissions of the integration user; everything is granted at first."""

    user_active: bool = True
    api_enabled: bool = True
    permission_set_assigned: bool = True
    objects: dict[str, set[str]] = field(default_factory=lambda: _everything(OBJECTS))
    fields: dict[str, set[str]] = field(default_factory=lambda: _everything(FIELDS))

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
        """Keys of all missing object permissions; all of them while the permission set is not assigned."""
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
        return not self.permission_set_assigned or access not in self.objects.get(name, set())

    def _lacks(self, granted: set[str]) -> bool:
        return not self.permission_set_assigned or len(granted) < len(ACCESSES)

    def _missing_of_object(self, name: str) -> list[str]:
        granted = self.objects[name] if self.permission_set_assigned else set()
        return [f"object:{name}.{access}" for access in ACCESSES if access not in granted]


def _change(kept: dict[str, set[str]], name: str, access: str | None, granted: bool) -> None:
    accesses = set(ACCESSES) if access is None else {access}
    before = kept.get(name, set())
    kept[name] = before | accesses if granted else before - accesses
