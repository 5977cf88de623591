from exporter.demo.simulator.state.access import Access, Assignment


def test_everything_is_granted_at_first() -> None:
    """A new integration user lacks nothing."""
    access = Access()
    assert access.missing_objects() == access.missing_fields() == []
    assert access.obstacle("Contact") is None


def test_a_record_needs_the_objects_it_looks_up_to() -> None:
    """Without edit on accounts a contact cannot be written, a lead can."""
    access = Access()
    access.set_object("Account", "edit", False)
    assert access.obstacle("Contact") == "object:Account.edit"
    assert access.obstacle("Lead") is None


def test_a_withdrawn_field_stops_records_of_its_object_only() -> None:
    """Contact.Email matters to contacts."""
    access = Access()
    access.set_field("Contact.Email", None, False)
    assert access.obstacle("Contact") == "field:Contact.Email"
    assert access.obstacle("Opportunity") is None
    assert access.holds("field:Contact.Email")


def test_half_a_field_permission_is_not_enough() -> None:
    """A field that can be read but not edited is missing."""
    access = Access()
    access.set_field("Contact.Email", "edit", False)
    assert access.missing_fields() == ["field:Contact.Email"]
    access.set_field("Contact.Email", "edit", True)
    assert not access.holds("field:Contact.Email")


def test_without_the_permission_set_all_objects_are_missing() -> None:
    """The objects come with the permission set."""
    access = Access(permission_set_assigned=False)
    assert len(access.missing_objects()) == 14
    assert access.holds("object:Contact.read")


def test_what_makes_an_assignment_worth_nothing() -> None:
    """Its time is over, it is not active, it was revoked, or its set waits for a session."""
    now = 100.0
    for worthless in (
        Assignment(ends=100.0),
        Assignment(active=False),
        Assignment(revoked=True),
        Assignment(session_based=True),
    ):
        assert Access(lambda: now, assignment=worthless).holds("object:Contact.read")
    assert not Access(lambda: now, assignment=Assignment(ends=101.0)).missing_fields()
