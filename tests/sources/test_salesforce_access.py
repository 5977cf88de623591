"""The source ``salesforce_access``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.clients.connection import Connection
from exporter.clients.salesforce.access_queries import AccessQueries, access_queries
from exporter.clients.salesforce.composite import MAX_QUERIES, MAX_QUERY_LENGTH
from exporter.config.file import load_config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.errors import InvalidAnswer, RateLimited, UpstreamError
from exporter.model import Access, Permission
from exporter.sources.salesforce_access import applies, fetch, parse
from tests.clients.canned import Canned, CannedTransport
from tests.examples import examples
from tests.sources.conftest import USER, Connect

NOW = 1_800_000_000.0
LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
ABOUT: dict[str, Any] = {
    "org": "https://acme.my.salesforce.com",
    "api_version": "62.0",
    "integration_user": USER,
    "permission_set": "HubSpot Integration",
    "objects": ["Contact", "Task"],
    "fields": [["Contact", "Email"], ["Contact", "Account"], ["Task", "Priority"]],
}
PROFILE = ["0PS1", None, None, True, False, False, True, "00ex00000018ozT", "X00ex00000018ozT", True, True]
HUBSPOT = ["0PS2", None, None, True, False, False, False, "HubSpot Integration", "HubSpot_Integration", False, True]
ANSWERS: dict[str, Any] = {
    "assignments": {"done": True, "rows": [PROFILE, HUBSPOT]},
    "objects": {"asked": 2, "done": True, "rows": [["0PS1", "Contact", True, False], ["0PS2", "Contact", True, True]]},
    "fields": {
        "asked": 3,
        "done": True,
        "rows": [["0PS2", "Contact.Email", True, False], ["0PS2", "Contact.AccountId", True, True]],
    },
    "login": {"done": True, "rows": [[False, False]]},
    "organization": {"done": True, "rows": [["NA1", False]]},
}


def recorded(about: dict[str, Any] | None = None, **answers: Any) -> dict[str, Any]:
    """A payload as it is kept, but for these settings and answers."""
    return {"about": ABOUT | (about or {}), "without": [], "ages": {"organization": 0}, "answers": ANSWERS | answers}


YES, NO, UNKNOWN = (True, True), (False, False), (None, None)


async def poll(connection: Connection) -> Access:
    """A poll whose payload went through the store."""
    return parse(json.loads(json.dumps((await fetch(connection, None)).payload)), NOW)


def granted(access: Access) -> dict[str, tuple[bool | None, bool | None]]:
    """Read and edit by ``Contact`` or ``Contact.Email``."""
    return {
        one.object if one.field is None else f"{one.object}.{one.field}": (one.read, one.edit)
        for one in access.permissions
    }


class TestSimulatedOrg:
    async def test_everything_is_granted(self, connected: Connect, acme: Org) -> None:
        """One API call tells it all."""
        access = await poll(connected(objects=["Contact", "User"], fields={"Contact": ["Email"]}))
        assert access == Access(
            user_active=True,
            user_frozen=False,
            api_enabled=True,
            permission_set_assigned=True,
            assignment_ends=None,
            permissions=(
                Permission("Contact", None, read=True, edit=True),
                Permission("User", None, read=True, edit=True),
                Permission("Contact", "Email", read=True, edit=True),
            ),
            instance="SIM1",
            sandbox=False,
        )
        assert acme.calls.by_app() == {acme.settings.monitoring_app: 1}
        assert acme.requests == {"token": 1, "salesforce.composite": 1}

    async def test_the_user(self, connected: Connect, acme: Org) -> None:
        """A user that is not active and has no API access is seen as that."""
        acme.set_user(active=False, api_enabled=False)
        access = await poll(connected())
        assert (access.user_active, access.api_enabled) == (False, False)
        assert access.permission_set_assigned

    @pytest.mark.parametrize(
        ("way", "flags", "has", "edit"),
        [
            ("direct", {}, True, True),
            ("group", {}, True, True),
            ("direct", {"active": False}, False, False),
            ("group", {"revoked": True}, False, False),
            ("direct", {"session_based": True}, False, False),
            ("group", {"ends_in": 0.0}, False, False),
        ],
    )
    async def test_ways_to_have_the_permission_set(
        self, connected: Connect, acme: Org, way: str, flags: dict[str, Any], has: bool, edit: bool
    ) -> None:
        """Directly or by a group; what is over, revoked or waits for a session grants nothing."""
        acme.set_assignment(way, **flags)
        access = await poll(connected(objects=["Contact"]))
        assert (access.permission_set_assigned, granted(access)["Contact"][1]) == (has, edit)

    async def test_the_package_is_uninstalled(self, connected: Connect, acme: Org) -> None:
        """A set of the org's own grants the same; nobody can say who has the set that is not there."""
        acme.set_package(installed=False)
        access = await poll(connected(objects=["Contact"]))
        assert (access.permission_set_assigned, granted(access)) == (None, {"Contact": YES})

    async def test_a_frozen_user(self, connected: Connect, acme: Org) -> None:
        """It is active all the same."""
        acme.set_user(frozen=True)
        access = await poll(connected())
        assert (access.user_active, access.user_frozen) == (True, True)

    async def test_what_the_org_hides(self, connected: Connect, acme: Org) -> None:
        """An object costs a part, a column that can be done without nothing."""
        acme.hidden = frozenset({"UserLogin", "PermissionSetAssignment.IsRevoked"})
        fetched = await fetch(connected(), None)
        assert {name for name, error in fetched.parts.items() if error} == {"login"}
        assert parse(fetched.payload, NOW).permission_set_assigned is True

    async def test_an_object_without_edit(self, connected: Connect, acme: Org) -> None:
        """Edit withdrawn is a row that says so; both withdrawn is no row."""
        acme.set_object_permission("Contact", granted=False, access="edit")
        acme.set_object_permission("Lead", granted=False)
        told = granted(await poll(connected()))
        assert (told["Contact"], told["Lead"], told["Account"]) == ((True, False), NO, YES)

    async def test_a_field_without_edit(self, connected: Connect, acme: Org) -> None:
        """The same for fields; only configured ones are told."""
        acme.set_field_permission("Contact", "Email", granted=False, access="edit")
        acme.set_field_permission("Lead", "Phone", granted=False)
        told = granted(await poll(connected(objects=[], fields={"Contact": ["Email"], "Lead": ["Phone", "Title"]})))
        assert told == {"Contact.Email": (True, False), "Lead.Phone": NO, "Lead.Title": YES}

    async def test_the_permission_set_is_taken_away(self, connected: Connect, acme: Org) -> None:
        """Then nothing is granted; of tasks and users Salesforce does not say."""
        acme.set_permission_set(assigned=False)
        access = await poll(connected(fields={"Contact": ["Email"]}))
        assert not access.permission_set_assigned
        assert access.api_enabled
        told = granted(access)
        assert {name: told[name] for name in ("Lead", "Campaign", "Contact.Email")} == dict.fromkeys(
            ["Lead", "Campaign", "Contact.Email"], NO
        )
        assert told["Task"] == told["User"] == UNKNOWN

    async def test_a_permission_set_nobody_has(self, connected: Connect) -> None:
        """What counts is the name of the configuration; where the org has no such set nobody can tell who has it."""
        assert (await poll(connected(permission_set="HubSpot Sales"))).permission_set_assigned is None

    async def test_a_user_that_does_not_exist(self, connected: Connect) -> None:
        """Nobody has no profile: the setting is named as the likely mistake."""
        with pytest.raises(InvalidAnswer, match=r'"hubspot@acme.exampel".*salesforce\.integration_user'):
            await poll(connected(integration_user="hubspot@acme.exampel"))

    @pytest.mark.parametrize(
        "name",
        [
            "x' OR Username != '",
            "x\\' OR Username != \\'",
            "' OR Assignee.Username LIKE '%",
            "hubspot@acme.example\\",
            "hubspot@acme.example'",
            "%",
        ],
    )
    async def test_names_are_no_soql(self, connected: Connect, name: str) -> None:
        """A name with quotes and backslashes is a name that nobody has."""
        with pytest.raises(InvalidAnswer, match=r"salesforce\.integration_user"):
            await poll(connected(integration_user=name))
        told = granted(await poll(connected(integration_user=USER, objects=[name], fields={"Contact": [name]})))
        assert told == {name: NO, f"Contact.{name}": NO}

    async def test_a_list_cannot_be_ended_early(self, connected: Connect) -> None:
        """Nor can an object let others in."""
        name = "X') OR SobjectType IN ('Lead"
        assert granted(await poll(connected(objects=[name, "Y"]))) == {name: NO, "Y": NO}

    @pytest.mark.parametrize("fault", ["cut_json", "wrong_types", "unavailable_html", "api_disabled", "server_error"])
    async def test_a_spoiled_answer(self, connected: Connect, acme: Org, fault: str) -> None:
        """It fails the poll and nothing else."""
        acme.faults.put(Fault("salesforce", fault))
        with pytest.raises(UpstreamError):
            await poll(connected())

    async def test_a_quota_that_is_used_up(self, connected: Connect, acme: Org) -> None:
        """It is asked once, not retried into."""
        acme.use_api_calls("Some App", 100_000)
        with pytest.raises(RateLimited):
            await poll(connected())
        assert acme.requests["salesforce.composite"] == 1


def queries(user: str, objects: Sequence[str], fields: Sequence[str]) -> AccessQueries:
    return access_queries(user, "HubSpot Integration", objects, fields, ("PermissionSetId",))


class TestManyNames:
    FIELDS = tuple(f"A_Rather_Long_Object_Name__c.And_A_Rather_Long_Field_Name_{n:04d}__c" for n in range(1000))

    def test_what_does_not_fit_into_one_query_takes_a_second(self) -> None:
        """Five queries every time at most, each shorter than the limit, and every name is asked for once."""
        asked = queries(USER, ("Contact",), self.FIELDS[:300])
        assert list(asked.always) == ["assignments", "objects", "fields", "fields_2", "login"]
        assert len(asked.always) == MAX_QUERIES
        assert all(len(query) < MAX_QUERY_LENGTH for query in asked.always.values())
        assert (asked.objects_asked, asked.fields_asked) == (1, 300)
        text = asked.always["fields"] + asked.always["fields_2"]
        assert all(text.count(f"'{name}'") == 1 for name in self.FIELDS[:300])

    def test_what_does_not_fit_into_two_is_not_asked(self) -> None:
        """The count says how far it went."""
        asked = queries(USER, self.FIELDS, self.FIELDS)
        assert all(len(query) < MAX_QUERY_LENGTH for query in asked.always.values())
        assert 250 < asked.objects_asked < asked.fields_asked < 600
        assert self.FIELDS[asked.fields_asked - 1] in asked.always["fields_2"]
        assert self.FIELDS[asked.fields_asked] not in asked.always["fields_2"]

    def test_nothing_is_asked_about_no_names(self) -> None:
        """Two questions are left of those of every time."""
        assert list(queries(USER, (), ()).always) == ["assignments", "login"]

    @pytest.mark.parametrize("user", ["u" * 30_000, USER])
    def test_a_name_longer_than_a_query_is_not_asked(self, user: str) -> None:
        """What stands behind it is not asked either."""
        asked = queries(user, ("x" * 30_000, "Contact"), ())
        assert asked.objects_asked == 0
        assert "objects" not in asked.always

    async def test_the_rest_is_unknown_and_said(self, connected: Connect, acme: Org) -> None:
        """Names that were not asked for have no permission that is known; the log says how many."""
        names = [name.partition(".")[2] for name in self.FIELDS]
        connection = connected(objects=[], fields={"Contact": ["Email", *names, "Phone"]})
        with structlog.testing.capture_logs() as logs:
            told = granted(await poll(connection))
        assert told["Contact.Email"] == YES
        assert told[f"Contact.{names[0]}"] == NO
        assert told[f"Contact.{names[-1]}"] == told["Contact.Phone"] == UNKNOWN
        (line,) = logs
        assert line["event"] == "permissions not all known"
        assert (line["integration"], line["about"]) == ("acme", "fields")
        assert line["not_asked"] == sum(value == UNKNOWN for value in told.values())
        assert acme.calls.used() == 1


class TestAnswer:
    @staticmethod
    def composite(**bodies: list[dict[str, Any]]) -> CannedTransport:
        """A login, then these records; the object permissions go on in another batch."""
        parts = [
            {
                "body": {"totalSize": len(rows), "done": name != "objects", "records": rows},
                "httpHeaders": {},
                "httpStatusCode": 200,
                "referenceId": name,
            }
            for name, rows in bodies.items()
        ]
        return CannedTransport(LOGIN, Canned(200, {"compositeResponse": parts}))

    async def test_half_an_answer(self, connected: Connect) -> None:
        """What is granted is known; what is not seen may stand in the rest."""
        assigned = {
            "attributes": {"type": "PermissionSetAssignment"},
            "PermissionSetId": "0PS2",
            "PermissionSet": {"attributes": {}, "Label": "HubSpot Integration", "PermissionsApiEnabled": True},
            "Assignee": {"attributes": {}, "IsActive": True},
        }
        row = {"attributes": {}, "SobjectType": "Lead", "PermissionsRead": True, "PermissionsEdit": False}
        place = {"attributes": {}, "InstanceName": "CS42", "IsSandbox": True}
        transport = self.composite(assignments=[assigned], objects=[row], organization=[place])
        with structlog.testing.capture_logs() as logs:
            access = await poll(connected(transport, objects=["Lead", "Contact"]))
        assert granted(access) == {"Lead": (True, None), "Contact": UNKNOWN}
        assert (access.instance, access.sandbox) == ("CS42", True)
        assert [(line["about"], line["not_asked"]) for line in logs] == [("objects", 0)]
        assert len(transport.requests) == 2

    @pytest.mark.parametrize(
        "row",
        [
            {"PermissionSet": {"Label": "x", "PermissionsApiEnabled": "true"}, "Assignee": {"IsActive": True}},
            {"PermissionSet": {"Label": 7, "PermissionsApiEnabled": True}, "Assignee": {"IsActive": True}},
            {"PermissionSet": {"Label": "x"}, "Assignee": {"IsActive": "true"}},
            {"PermissionSet": {"Label": "x"}, "IsActive": "true"},
            {"PermissionSet": {"Label": "x"}, "ExpirationDate": "soon"},
            {"PermissionSet": {"Label": "x"}, "ExpirationDate": "2026-11-26T10:00:00"},
            {"PermissionSet": {"Label": "x"}, "ExpirationDate": 1_800_000_000},
        ],
    )
    async def test_a_row_of_another_shape(self, connected: Connect, row: dict[str, Any]) -> None:
        """Text never becomes a permission; that part is not read, the others are."""
        place = {"InstanceName": "CS42", "IsSandbox": True}
        fetched = await fetch(connected(self.composite(assignments=[row], objects=[], organization=[place])), None)
        missing = {name: str(error) for name, error in fetched.parts.items() if error is not None}
        assert missing["user"].startswith("access: assignments")
        access = parse(fetched.payload, NOW)
        assert (access.user_active, access.api_enabled, access.permission_set_assigned) == (None, None, None)
        assert access.instance == "CS42"

    @pytest.mark.parametrize("row", [{}, {"PermissionSet": None, "Assignee": None}, {"PermissionSet": "x"}])
    async def test_a_row_without_anything(self, connected: Connect, row: dict[str, Any]) -> None:
        """Null never becomes a permission, nor a missing one."""
        access = await poll(connected(self.composite(assignments=[row], objects=[], organization=[])))
        assert (access.user_active, access.api_enabled, access.permission_set_assigned) == (None, None, None)


class TestParse:
    def test_any_set_grants(self) -> None:
        """What one of several sets grants, profile included, is granted."""
        access = parse(recorded(), NOW)
        assert access.api_enabled
        assert granted(access)["Contact"] == YES

    def test_a_lookup_by_its_short_name(self) -> None:
        """Salesforce takes ``Contact.Account`` and answers ``Contact.AccountId``."""
        assert granted(parse(recorded(), NOW))["Contact.Account"] == YES

    def test_case_does_not_matter(self) -> None:
        """Salesforce compares without regard to case; the label keeps the configuration's spelling."""
        told = parse(recorded({"objects": ["cONTACT"], "fields": [["contact", "EMAIL"]]}), NOW)
        assert granted(told) == {"cONTACT": YES, "contact.EMAIL": (True, False)}

    @pytest.mark.parametrize("name", ["Task", "User", "Event", "OpportunityLineItem"])
    def test_objects_without_rows(self, name: str) -> None:
        """No row says nothing of them or their fields; a row says what it says."""
        about = {"objects": [name], "fields": [[name, "Priority"]]}
        assert granted(parse(recorded(about), NOW)) == {name: UNKNOWN, f"{name}.Priority": UNKNOWN}
        row = {"asked": 1, "done": True, "rows": [["0PS2", name, True, False]]}
        assert granted(parse(recorded(about, objects=row), NOW))[name] == (True, False)

    def test_an_org_that_does_not_name_itself(self) -> None:
        """Instance and sandbox are unknown then."""
        access = parse(recorded(organization={"done": True, "rows": []}), NOW)
        assert (access.instance, access.sandbox) == (None, None)


def test_it_applies_with_an_integration_user(config_data: dict[str, Any], write_config: Any) -> None:
    """Without one there is nobody to ask about."""
    assert not applies(load_config(write_config(config_data)).integrations[0])
    config_data["integrations"][0]["salesforce"]["integration_user"] = USER
    assert applies(load_config(write_config(config_data)).integrations[0])


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
names = st.sampled_from(["Contact", "Task", "Contact.Email", "İ", "ß"]) | st.text(max_size=5)
rights = st.lists(st.tuples(names, names, st.booleans(), st.booleans()).map(list), max_size=4)
asked = st.fixed_dictionaries({"asked": st.integers(0, 5) | st.just(10**30), "done": st.booleans(), "rows": rights})
flags = st.none() | st.booleans()
ends = st.sampled_from([None, "2026-01-01T00:00:00.000+0000", "2028-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
some = st.none() | names
assigned = st.lists(st.tuples(some, some, ends, *[flags] * 4, some, some, flags, flags).map(list), max_size=4)


def answer(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.fixed_dictionaries({"done": st.booleans(), "rows": rows})


about = st.fixed_dictionaries(
    {
        "org": names,
        "api_version": st.just("62.0"),
        "integration_user": names,
        "permission_set": names,
        "objects": st.lists(names, max_size=3),
        "fields": st.lists(st.tuples(names, names).map(list), max_size=3),
    }
)
answers = st.fixed_dictionaries(
    {
        "assignments": answer(assigned),
        "objects": st.none() | asked,
        "fields": st.none() | asked,
        "login": answer(st.lists(st.tuples(flags, flags).map(list), max_size=2)),
    },
    optional={
        "groups": answer(st.lists(st.tuples(some, some, some, some).map(list), max_size=3)),
        "sets": answer(st.lists(st.tuples(some, some).map(list), max_size=3)),
        "organization": answer(st.lists(st.tuples(names, st.booleans()).map(list), max_size=1)),
    },
)
alike = st.fixed_dictionaries({"about": about, "without": st.just([]), "ages": st.just({}), "answers": answers})
FUZZ = settings(derandomize=True, deadline=None, max_examples=examples(300), suppress_health_check=list(HealthCheck))


@FUZZ
@given(alike)
def test_what_is_granted_stands_in_a_row(payload: Any) -> None:
    """A grant needs a row that gives it, a refusal an answer that is whole; every name asked about has a permission."""
    try:
        access = parse(payload, NOW)
    except InvalidAnswer:
        return
    told = payload["answers"]
    assert told["assignments"] is None or told["assignments"]["rows"]
    assert [one.object for one in access.permissions if one.field is None] == payload["about"]["objects"]
    assert [[one.object, one.field] for one in access.permissions if one.field] == [
        pair for pair in payload["about"]["fields"] if pair[1]
    ]
    for one in access.permissions:
        part = told["objects" if one.field is None else "fields"]
        assert one.read is not True or any(read for _, _, read, _ in part["rows"])
        assert one.edit is not False or part["done"]
    assert told["login"] is not None or access.user_frozen is None
    assert access.assignment_ends is None or access.assignment_ends > NOW


@FUZZ
@given(anything | st.tuples(alike, st.sampled_from(sorted(recorded())), anything).map(lambda t: t[0] | {t[1]: t[2]}))
def test_any_json_parses_or_is_refused(payload: Any) -> None:
    """Nothing but an UpstreamError comes out of it."""
    try:
        assert isinstance(parse(payload, NOW), Access)
    except UpstreamError:
        return
