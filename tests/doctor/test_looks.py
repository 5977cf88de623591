"""What single checks make of what they see, beyond what is simply missing."""

from __future__ import annotations

import os

import pytest

from exporter.config.file import load_config
from exporter.demo.simulator.faults import Fault
from exporter.doctor.calls import MOST
from exporter.doctor.finding import Outcome
from exporter.polling.budget import Budget
from exporter.store.calls import CallStore
from exporter.store.database import open_database
from tests.doctor.patient_room import TOKENS, PatientRoom, failures, jwt_login, line, lines_of, outcome
from tests.exports.files import HEADINGS, TWO, zipped


class TestWithoutMuch:
    async def test_a_bridge_alone(self, room: PatientRoom) -> None:
        """What is not configured is not looked at."""
        room.data["integrations"] = [{"name": "acme", "sync_health": room.entry["sync_health"]}]
        sheets = await room.look()
        assert [one.check for one in sheets[1].lines] == ["bridge"]
        assert (failures(sheets), sheets[1].calls) == ([], 0)

    async def test_sources_that_are_switched_off(self, room: PatientRoom) -> None:
        """Of them nothing is asked."""
        sources = ("salesforce_usage_log", "salesforce_access", "hubspot_heartbeat", "hubspot_account", "sync_health")
        room.entry["intervals"] = dict.fromkeys(sources, "off")
        sheets = await room.look()
        names = {one.check for one in sheets[1].lines}
        assert names.isdisjoint({"event log", "user", "objects of HubSpot", "account", "bridge"})
        assert failures(sheets) == []

    async def test_what_is_left_out_on_purpose(self, room: PatientRoom) -> None:
        """A token, a user to look at: it works without, and sees less."""
        del room.entry["hubspot"]["token_file"], room.entry["canary"]
        del room.entry["salesforce"]["integration_user"]
        sheets = await room.look()
        assert failures(sheets) == []
        assert outcome(sheets, "token")[0] is outcome(sheets, "user")[0] is Outcome.DOUBTFUL
        assert outcome(sheets, "trust") == (Outcome.GOOD, "SIM1: OK")

    async def test_field_permissions_are_looked_for_where_fields_are_named(self, room: PatientRoom) -> None:
        """Else it says that they are not."""
        del room.entry["salesforce"]["fields"]
        sheets = await room.look()
        assert failures(sheets) == []
        assert outcome(sheets, "fields") == (
            Outcome.DOUBTFUL,
            "field permissions are not looked for: salesforce.fields names none",
        )

    async def test_an_assignment_that_ends(self, room: PatientRoom) -> None:
        """Nothing is missing yet."""
        room.org.set_assignment("direct", ends_in=86_400.0)
        sheets = await room.look()
        assert failures(sheets) == []
        assert outcome(sheets, "user") == (Outcome.DOUBTFUL, "an assignment it cannot do without ends on 2027-01-16")

    async def test_a_login_by_certificate(self, room: PatientRoom) -> None:
        room.entry["salesforce"]["auth"] = jwt_login()
        assert outcome(await room.look(), "login") == (Outcome.GOOD, "logged in as monitoring@acme.example")

    async def test_a_bridge_that_does_not_say_all(self, room: PatientRoom) -> None:
        room.org.omitted_parts = frozenset({"suspension", "errors"})
        assert outcome(await room.look(), "bridge") == (
            Outcome.DOUBTFUL,
            "it does not say: suspension, errors",
        )


class TestDirectory:
    async def test_exported_errors(self, room: PatientRoom) -> None:
        """Each file says what it gives; a page beside them is not needed. Nothing is kept of them."""
        (room.folder / "dropped").mkdir()
        room.entry["sync_health"] = {"directory": "dropped"}
        room.write("dropped/picklists.csv", "Error Type,Record ID\nRestricted picklist value,101\n,\n")
        room.write("dropped/property values.csv", "Error Type;HubSpot ID\nInvalid email;102\nInvalid email;103\n")
        sheets = await room.look()
        assert failures(sheets) == []
        told = {one.finding.subject: one.finding.says for one in sheets[1].lines if one.check == "directory"}
        assert told == {
            "picklists.csv": "picklists.csv: 1 of picklists (holds)",
            "property values.csv": "property values.csv: 2 of property_values (holds)",
        }
        assert not (room.folder / "exporter.db").exists()

    async def test_which_file_holds(self, room: PatientRoom) -> None:
        """Of each category the newest whole one, and what helps with the others fits them."""
        (room.folder / "dropped").mkdir()
        room.entry["sync_health"] = {"directory": "dropped"}
        row = "Mismatched options,1\n"
        contents = {
            "picklists-1.csv": f"Error Type,Record ID\n{row}",
            "picklists-2.csv": f"Error Type,Record ID\n{row}Mismatched options,2\n",
            "picklists-3.csv": "",
            "picklists-4.csv": f"Error Type,Record ID\n{row}Mism",
            "picklists-5.csv": "Was,Wer\nfalsch,101\n",
            "picklists-6.xlsx": "PK",
            "export.csv": "Error Type\n",
        }
        for age, (name, text) in enumerate(contents.items()):
            room.write(f"dropped/{name}", text)
            os.utime(room.folder / "dropped" / name, (1_000_000 + age,) * 2)
        told = {one.finding.subject: one.finding for one in (await room.look())[1].lines if one.check == "directory"}
        assert told["picklists-1.csv"].says == "picklists-1.csv: 1 of picklists (picklists-2.csv is newer and holds)"
        assert told["picklists-2.csv"].says == "picklists-2.csv: 2 of picklists (holds)"
        assert told["picklists-5.csv"].says.endswith("no heading tells the error type: got 'Was, Wer'")
        assert {name: one.change for name, one in told.items() if one.outcome is Outcome.FAILED} == {
            "picklists-3.csv": "export it anew",
            "picklists-4.csv": "export it anew",
            "picklists-5.csv": "name it in sync_health.mapping",
            "picklists-6.xlsx": "save it as CSV",
            "export.csv": "name the category in the name of the file",
        }

    async def test_two_files_of_a_category_in_a_zip(self, room: PatientRoom) -> None:
        """Only one of them would hold."""
        (room.folder / "dropped").mkdir()
        room.entry["sync_health"] = {"directory": "dropped"}
        (room.folder / "dropped" / "all.zip").write_bytes(
            zipped({"a.csv": (HEADINGS + TWO).encode(), "picklists.csv": HEADINGS.encode()})
        )
        (told,) = [one.finding for one in (await room.look())[1].lines if one.check == "directory"]
        assert told.says == "all.zip/picklists.csv: is the second file of picklists in this zip"
        assert (told.outcome, told.change) == (Outcome.FAILED, "make one file of both")

    async def test_an_empty_directory(self, room: PatientRoom) -> None:
        """Nothing is broken on the first day; what is wanted is said."""
        (room.folder / "dropped").mkdir()
        room.entry["sync_health"] = {"directory": "dropped"}
        sheets = await room.look()
        assert failures(sheets) == []
        assert outcome(sheets, "directory") == (Outcome.DOUBTFUL, "no sync-health.json and no exported CSV yet")
        change = line(sheets, "directory").finding.change
        assert change.startswith("export the errors in HubSpot (Sync Health → Export errors) and drop the file into ")

    async def test_a_page_that_is_none(self, room: PatientRoom) -> None:
        (room.folder / "dropped").mkdir()
        room.entry["sync_health"] = {"directory": "dropped"}
        room.write("dropped/sync-health.json", "{}")
        (found,) = failures(await room.look())
        assert (found.check, found.finding.subject) == ("directory", "sync-health.json")


class TestMailbox:
    async def test_what_the_newest_statement_is(self, room: PatientRoom) -> None:
        """As the exporter would read it."""
        told = outcome(await room.look(), "e-mails")
        assert told == (Outcome.GOOD, "the newest statement is of 2027-01-15T08:00:00.000Z: not suspended any more")

    async def test_nobody_has_written(self, room: PatientRoom) -> None:
        """The notifications may not be switched on."""
        room.org.outbox = type(room.org.outbox)(room.clock.time())
        told = outcome(await room.look(), "e-mails")
        assert told == (Outcome.DOUBTFUL, "no e-mail of HubSpot's about the integration within 30 days")

    async def test_an_account_that_is_not_known(self, room: PatientRoom) -> None:
        """Whose e-mails they are cannot be told then; the cause is the scope."""
        room.org.account_out_of_scope = frozenset({"details"})
        sheets = await room.look()
        assert [one.check for one in failures(sheets)] == ["account"]
        assert outcome(sheets, "e-mails")[0] is Outcome.NOT_TRIED

    @pytest.mark.parametrize("account", [False, True])
    async def test_hubspot_is_only_asked_whose_they_are(self, room: PatientRoom, *, account: bool) -> None:
        """Where the configuration says so, a token that is refused takes nothing from them."""
        room.write("hubspot-token", "another")
        if account:
            room.entry["mailbox"]["account"] = room.org.portal_id
        kind, says = outcome(await room.look(), "e-mails")
        assert kind is (Outcome.GOOD if account else Outcome.NOT_TRIED)
        assert account or "mailbox.account can" in says


async def test_a_hubspot_that_does_not_answer_has_not_refused_the_token(room: PatientRoom) -> None:
    """What depends on it names what was seen."""
    room.org.faults.put(Fault("hubspot", "server_error"))
    sheets = await room.look()
    assert outcome(sheets, "token")[0] is Outcome.FAILED
    assert outcome(sheets, "account") == (Outcome.NOT_TRIED, "not tried, since HubSpot does not answer")


class TestClock:
    async def test_it_matters_less_to_a_secret(self, room: PatientRoom) -> None:
        """Client credentials log in at any time, so only the clock is at fault and all else is tried."""
        room.org.clock_ahead = -200.0
        sheets = await room.look()
        assert outcome(sheets, "clock") == (Outcome.FAILED, "3 min ahead of the servers' clocks")
        assert outcome(sheets, "login")[0] is Outcome.GOOD

    async def test_nobody_is_logged_in_in_vain(self, room: PatientRoom) -> None:
        """An assertion of the wrong time would only be one more failed login."""
        room.entry["salesforce"]["auth"] = jwt_login()
        room.org.clock_ahead = 600.0
        sheets = await room.look()
        assert outcome(sheets, "login")[0] is Outcome.NOT_TRIED
        assert room.org.requests["token"] == 0


class TestCalls:
    async def test_they_are_counted_in_the_store(self, room: PatientRoom) -> None:
        """So that they are part of what the cap allows; no more is made than it does."""
        store = f"sqlite:///{room.folder / 'exporter.db'}"
        await (await open_database(store)).close()
        sheets = await room.look()
        database = await open_database(store)
        try:
            calls = CallStore(database)
            assert await calls.spent("acme", room.clock.time()) == sheets[1].calls == room.org.calls.used("monitoring")
            budget = Budget(calls, room.clock)
            budget.caps = {"acme": 500}
            for _ in range(490):
                await budget.spend("acme")
        finally:
            await database.close()
        again = await room.look()
        assert outcome(again, "call cap")[0] is Outcome.FAILED
        assert again[1].calls == 0

    async def test_a_look_has_an_end(self, room: PatientRoom) -> None:
        """However large the cap is."""
        sheets = await room.look()
        assert 0 < sheets[1].calls <= 8 < MOST


class TestStore:
    async def test_one_that_is_there(self, room: PatientRoom) -> None:
        await (await open_database(f"sqlite:///{room.folder / 'exporter.db'}")).close()
        assert outcome(await room.look(), "store")[1].startswith("open and writable, with the tables of this version")

    async def test_one_that_is_none(self, room: PatientRoom) -> None:
        """It is left as it is."""
        room.write("exporter.db", "no database at all, and nothing that could be one" * 10)
        sheets = await room.look()
        assert [one.check for one in failures(sheets)] == ["store"]
        assert "restore a copy" in line(sheets, "store").finding.change

    async def test_one_that_is_empty_is_not_filled(self, room: PatientRoom) -> None:
        """The next serve does that."""
        room.write("exporter.db", "")
        assert outcome(await room.look(), "store") == (
            Outcome.DOUBTFUL,
            "its tables are missing or of another version",
        )
        assert failures(await room.look()) == []


class TestTokens:
    async def test_the_same_twice(self, room: PatientRoom) -> None:
        room.write("api-token", TOKENS["webhook-token"])
        assert outcome(await room.look(), "api token")[0] is Outcome.DOUBTFUL

    async def test_none_at_all(self, room: PatientRoom) -> None:
        """Nobody may post then; nothing is broken."""
        room.data["remediation"] = {}
        sheets = await room.look()
        assert (outcome(sheets, "webhook token")[0], failures(sheets)) == (Outcome.DOUBTFUL, [])

    async def test_no_token_is_told(self, room: PatientRoom) -> None:
        """Neither good ones nor bad ones."""
        room.write("webhook-token", "hunter2")
        text = str(await room.look())
        assert "hunter2" not in text
        assert TOKENS["api-token"] not in text


class TestConnectedApp:
    async def test_calls_without_a_name(self, room: PatientRoom) -> None:
        """They are the integration's by their user, and nothing has to be changed."""
        room.org.settings = type(room.org.settings)(records_per_second=0, records=10, event_log_nameless=1.0)
        sheets = await room.look()
        assert outcome(sheets, "connected app")[0] is Outcome.GOOD

    async def test_a_file_that_is_gone_costs_nothing(self, room: PatientRoom) -> None:
        """Salesforce replaces them now and then; the next one tells as much."""
        room.org.use_api_calls("HubSpot", 3, seconds_ago=7200.0)
        room.org.spoiled_log_file = "gone"
        assert outcome(await room.look(), "connected app")[0] is Outcome.GOOD

    async def test_nobody_has_called_yet(self, room: PatientRoom) -> None:
        """No call of HubSpot in the newest files says nothing of the name."""
        room.entry["hubspot"]["connected_app"] = "Hub Spot"
        room.entry["salesforce"]["integration_user"] = "other@acme.example"
        room.org.integration_user = "other@acme.example"
        room.org.calls.add("Backup", 3)
        room.org.calls = type(room.org.calls)(room.clock.time, 86_400.0)
        room.org.calls.add("Backup", 3)
        assert outcome(await room.look(), "connected app")[0] is Outcome.DOUBTFUL


class TestFailures:
    @pytest.mark.parametrize("api", ["salesforce", "hubspot", "bridge", "status"])
    async def test_an_api_that_is_down_costs_what_it_tells(self, room: PatientRoom, api: str) -> None:
        """The rest is looked at all the same."""
        room.org.faults.put(Fault(api, "server_error"))
        sheets = await room.look()
        assert failures(sheets)
        assert len(lines_of(sheets, Outcome.GOOD)) >= 8

    async def test_the_same_is_asked_once(self, room: PatientRoom) -> None:
        """Limits, permissions and log files are what several checks look at."""
        await room.look()
        assert (room.org.requests["salesforce.limits"], room.org.requests["token"]) == (1, 1)

    async def test_every_integration_has_its_sheet(self, room: PatientRoom) -> None:
        """One that fails costs no other."""
        other = {
            **room.entry,
            "name": "twin",
            "sync_health": {**room.entry["sync_health"], "token_file": "webhook-token"},
        }
        del other["mailbox"]  # in one mailbox it would have to be said whose e-mails are whose
        room.data["integrations"].append(other)
        sheets = await room.look()
        assert [(sheet.name, sheet.is_good) for sheet in sheets] == [("", True), ("acme", True), ("twin", False)]

    async def test_a_file_that_is_good_is_read_the_same(self, room: PatientRoom) -> None:
        """What is checked is what serve would load."""
        await room.look()
        assert load_config(room.folder / "exporter.yml").integrations[0].name == "acme"
