"""What the token endpoint's refusals mean: six and more causes behind one status, told apart by their words."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from exporter.clients.salesforce.login import RATE_PAUSE
from exporter.clients.salesforce.login_catalog import CAUSES, SILENT, UNKNOWN, login_cause
from exporter.clients.salesforce.login_cause import plain_words
from exporter.clients.salesforce.pause import FIRST_PAUSE
from exporter.config.secret import Secret
from exporter.config.settings import ClientCredentials, JwtBearer
from exporter.errors import Again, AuthError, RateLimited, ServerError, UpstreamError
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import Client, Sent
from tests.clocks import ManualClock

CREDENTIALS = ClientCredentials("an-id", Secret(env="SECRET"))
JWT = JwtBearer("an-id", "monitoring@acme.example", Secret(env="KEY"), "https://login.salesforce.com")

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})
LIMITS = Canned(200, {"DailyApiRequests": {"Max": 100, "Remaining": 60}})


def refused(description: Any, error: Any = "invalid_grant", status: int = 400) -> Canned:
    return Canned(status, {"error": error, "error_description": description})


class TestTheCatalogue:
    @pytest.mark.parametrize(
        ("description", "name"),
        [
            ("audience is invalid", "audience"),
            ("user hasn't approved this consumer", "consent"),
            ("request not supported on this domain", "domain"),
            ("inactive user", "inactive user"),
            ("no client credentials user enabled", "run-as user"),
            ("External client app is not installed in this org", "app not installed"),
        ],
    )
    def test_six_causes_of_invalid_grant(self, description: str, name: str) -> None:
        """One code for six things: the description decides."""
        assert login_cause("invalid_grant", description).name == name

    @pytest.mark.parametrize(
        ("code", "description", "name"),
        [
            ("invalid_grant", "Audience validation failed", "audience"),
            ("invalid_grant", "INVALID AUDIENCE", "audience"),
            (
                "OAUTH_AUTHORIZATION_BLOCKED",
                "Cross-org OAuth flows are not supported for this external client app",
                "app not installed",
            ),
            ("invalid_grant", "app must be installed into org", "app not installed"),
            ("invalid_grant", "Login with login.salesforce.com is disabled, use My Domain", "domain"),
            ("invalid_grant", "invalid issuer", "client id"),
            ("invalid_grant", "unable to find user", "username"),
            ("invalid_grant", "LIMIT EXCEEDED", "login rate"),
            ("limit_exceeded", None, "login rate"),
            ("invalid_grant", "user hasn’t approved this consumer", "consent"),
            ("invalid_grant", "This consumer has not been approved by the user.", "consent"),
            ("invalid_app_access", "user is not admin approved to access this app", "admin approval"),
            ("invalid_grant", "user is not admin approved to access this app", "admin approval"),
            ("invalid_app_access", "something else", "admin approval"),
            ("invalid_grant", "user is inactive", "inactive user"),
            ("inactive_user", None, "inactive user"),
            ("inactive_org", "organization is locked, closed, or suspended", "inactive org"),
            ("inactive_org", None, "inactive org"),
            ("app_not_found", "External client app is not installed in this org", "app not installed"),
            ("OAUTH_EC_APP_NOT_FOUND", None, "app not installed"),
            ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "app blocked"),
            ("invalid_client_id", "client identifier invalid", "client id"),
            ("invalid_client", "invalid client credentials", "client secret"),
            ("invalid_client", "", "client secret"),
            ("unsupported_grant_type", "grant type not supported", "flow"),
            ("invalid_grant", "client credentials flow not enabled", "flow"),
            ("unauthorized_client", None, "flow"),
            ("invalid_grant", "no valid scopes defined", "scopes"),
            ("invalid_grant", "ip restricted", "ip or hours"),
            ("invalid_grant", "IP restricted or invalid login hours", "ip or hours"),
            ("invalid_grant", "invalid assertion", "signature"),
            ("invalid_grant", "expired authorization code", "clock"),
            ("invalid_grant", "authentication failure", "no reason"),
            ("invalid_request", "HTTPS Required", "https"),
            ("invalid_grant", "login rate exceeded", "login rate"),
            ("rate_limit_exceeded", "number of logins exceeded", "login rate"),
            ("rate_limit_exceeded", None, "login rate"),
            ("invalid_grant", "Maximum Logins Exceeded", "login rate"),
            ("unknown_error", "retry your request", "retry"),
            ("unknown_error", "Retry+your+request", "retry"),
            ("unknown_error", None, "retry"),
            ("invalid_grant", "token request is already being processed", "retry"),
            ("invalid_grant", "the flux is capacitated", "unknown"),
            ("something_new", None, "unknown"),
            (None, "words without a code", "unknown"),
            (None, None, "silent"),
        ],
    )
    def test_other_wordings(self, code: str | None, description: str | None, name: str) -> None:
        """Any case, order and apostrophe; without words that help, the code."""
        assert login_cause(code, description).name == name

    @pytest.mark.parametrize(
        ("description", "name"),
        [
            # Words of a limit that are about something else.
            ("secret rotated too many times", "client secret"),
            ("too many active client secrets", "client secret"),
            ("the certificate was replaced too many times", "signature"),
            ("too many scopes", "scopes"),
            ("login hours exceeded", "ip or hours"),
            ("outside of login hours", "ip or hours"),
            ("IP address not in the login IP ranges", "ip or hours"),
            # Too many attempts lock a user out; too many logins pass.
            ("too many login attempts, user is locked out", "inactive user"),
            ("Too many login attempts. Your account has been locked.", "inactive user"),
            ("locked out after too many failed attempts, try again later", "inactive user"),
            ("too many failed login attempts", "inactive user"),
            ("Too many incorrect passwords", "inactive user"),
            ("too many login attempts", "login rate"),
            ("Too many requests", "login rate"),
            ("too many logins from this IP address", "login rate"),
            ("login rate exceeded for user", "login rate"),
            ("Maximum logins exceeded, try again later", "login rate"),
            # Whose state it is: the user's, the org's, the app's.
            ("account frozen", "inactive user"),
            ("Your account has been frozen by your administrator", "inactive user"),
            ("the user is frozen", "inactive user"),
            ("account is disabled", "inactive user"),
            ("user account locked", "inactive user"),
            ("client credentials flow user is inactive", "inactive user"),
            ("the run as user is inactive", "inactive user"),
            ("organization is locked, closed, or suspended", "inactive org"),
            ("org is inactive", "inactive org"),
            ("this app is blocked by admin", "app blocked"),
            # Passwords.
            ("must change password", "password"),
            ("user must change their password", "password"),
            ("password expired", "password"),
            ("Your password has expired", "password"),
            ("password must be reset", "password"),
            ("Invalid username, password, security token; or user locked out.", "several"),
            ("challenge required", "verification"),
            ("multi-factor authentication required", "verification"),
            # A certificate or an assertion that expires is no password; nor is a secret.
            ("client secret expired", "client secret"),
            ("certificate expired", "signature"),
            ("assertion expired", "clock"),
            # Approval.
            ("user is not authorized to access this app", "admin approval"),
            ("user hasn't approved this consumer", "consent"),
            ("no client credentials user enabled", "run-as user"),
            ("client credentials flow is not enabled for this app", "flow"),
            # What passes.
            ("unexpected error during login, retry your request", "retry"),
            ("service temporarily unavailable", "retry"),
            ("the org is down for maintenance, try again later", "maintenance"),
            ("organization is being migrated", "maintenance"),
        ],
    )
    def test_words_that_could_be_taken_for_others(self, description: str, name: str) -> None:
        """What is special goes before what is general, and what does not pass before what does."""
        assert login_cause("invalid_grant", description).name == name

    @pytest.mark.parametrize("flow", [CREDENTIALS, JWT])
    def test_every_cause_is_told_with_a_remedy(self, flow: ClientCredentials | JwtBearer) -> None:
        """Two sentences and no gap, for either flow."""
        for cause in (*CAUSES, UNKNOWN, SILENT):
            text = cause.sentence(flow)
            assert text[0].isupper()
            assert text.endswith(".")
            assert not set("{}") & set(text)
            assert len(cause.remedy) > 10

    def test_the_flow_names_the_keys(self) -> None:
        """Who logs in with a secret is not sent to a private key."""
        cause = login_cause("invalid_client_id", "client identifier invalid")
        assert "salesforce.auth.client_credentials.client_id" in cause.sentence(CREDENTIALS)
        assert "salesforce.auth.jwt_bearer.client_id" in cause.sentence(JWT)

    def test_names_are_there_once(self) -> None:
        """And so are codes: a second row would never be reached."""
        codes = [code for cause in CAUSES for code in cause.codes]
        assert len({cause.name for cause in CAUSES}) == len(CAUSES)
        assert len(set(codes)) == len(codes)

    @given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
    def test_no_text_breaks_it(self, code: str | None, description: str | None) -> None:
        """There is a sentence for everything, and nothing of the text in it."""
        assert login_cause(code, description).sentence(JWT)


class TestWhatIsSaid:
    async def test_cause_first_then_what_to_change(self, client_over: Client) -> None:
        """The status comes last, and of Salesforce's own text nothing but its code."""
        with pytest.raises(AuthError) as caught:
            await client_over(CannedTransport(refused("inactive user jane@acme.example"))).get_json("limits/")
        assert str(caught.value) == (
            "The app's run-as user is inactive, frozen or locked out. Activate, unfreeze or unlock it under "
            "Setup → Users, or let the app run as another user. "
            "(POST /acme/salesforce/services/oauth2/token: status 400 invalid_grant)"
        )
        assert caught.value.code == "invalid_grant"

    async def test_while_it_is_left_alone_the_cause_stands_first_too(self, client_over: Client, sent: Sent) -> None:
        """Other sources show the same cause, not only that there was a refusal."""
        client = client_over(CannedTransport(refused("audience is invalid")))
        told = []
        for _ in range(2):
            with pytest.raises(AuthError) as caught:
                await client.get_json("limits/")
            told.append(str(caught.value))
        assert told[1].startswith(told[0])
        assert told[1].endswith("not tried again for 60 s unless the secret changes")
        assert sent.count == 1

    @pytest.mark.parametrize(
        "body",
        [
            [{"errorCode": "API_DISABLED_FOR_ORG", "message": "API is not enabled for this Organization or Partner"}],
            {"errorCode": "API_CURRENTLY_DISABLED"},
            {"error": "invalid_grant", "error_description": "api not enabled"},
        ],
    )
    async def test_other_shapes_of_a_refusal(self, client_over: Client, body: Any) -> None:
        """An array as the REST API sends it is read like the object of OAuth."""
        with pytest.raises(AuthError, match=r"^The app's run-as user may not use the API"):
            await client_over(CannedTransport(Canned(403, body))).get_json("limits/")

    @pytest.mark.parametrize(
        "answer", [Canned(400, b"<html>Blocked</html>"), Canned(400, b""), Canned(401, []), refused(7, error=7)]
    )
    async def test_what_is_not_salesforce(self, client_over: Client, answer: Canned) -> None:
        """A page of a firewall is told as one."""
        with pytest.raises(AuthError, match=r"does not answer like Salesforce. .* proxy or firewall"):
            await client_over(CannedTransport(answer)).get_json("limits/")


class TestAnUnknownDescription:
    DESCRIPTION = "the flux of Jane Doe (jane@acme.example, 005xx0000012345, 00DsEcReT) is capacitated"

    async def test_it_is_told_as_unknown(self, client_over: Client) -> None:
        """With the code, and nothing of the text."""
        with pytest.raises(AuthError, match="with a description this version does not know") as caught:
            await client_over(CannedTransport(refused(self.DESCRIPTION))).get_json("limits/")
        assert not any(word in str(caught.value) for word in ("flux", "jane", "Doe"))

    async def test_it_is_logged_masked_and_only_for_who_looks_closely(self, client_over: Client) -> None:
        """Level debug, plain words only."""
        with structlog.testing.capture_logs() as logs, pytest.raises(AuthError):
            await client_over(CannedTransport(refused(self.DESCRIPTION))).get_json("limits/")
        (line,) = [line for line in logs if line["event"] == "login refused"]
        assert line["log_level"] == "debug"
        assert line["description"] == "the flux of … … … … … is capacitated"

    async def test_a_known_one_is_not_logged(self, client_over: Client) -> None:
        """It is told already."""
        with structlog.testing.capture_logs() as logs, pytest.raises(AuthError):
            await client_over(CannedTransport(refused("audience is invalid"))).get_json("limits/")
        assert not [line for line in logs if line["event"] == "login refused"]

    @given(st.text())
    def test_no_address_survives(self, text: str) -> None:
        """Whatever is in it."""
        assert "@" not in plain_words(text)
        assert not any(character.isdigit() for character in plain_words(text))


class TestWhatPassesByItself:
    async def test_retry_your_request(self, client_over: Client, sent: Sent) -> None:
        """Asked again at once, and nobody notices."""
        transport = CannedTransport(refused("retry your request", "unknown_error"), LOGIN, LIMITS)
        assert await client_over(transport).get_json("limits/") == LIMITS.body
        assert sent.count == 3

    @pytest.mark.parametrize(
        "answer",
        [
            refused("retry your request", "unknown_error"),
            refused("token request is already being processed"),
            refused("Service temporarily unavailable", "temporarily_unavailable"),
            refused("retry your request", "unknown_error", 503),
            Canned(500, b"<html>"),
            Canned(503, b"<html>down</html>"),
        ],
    )
    async def test_it_is_never_told_as_refused(self, client_over: Client, sent: Sent, answer: Canned) -> None:
        """A server's trouble, tried three times, and tried again at the next poll without a pause."""
        client = client_over(CannedTransport(answer, answer, answer, LOGIN, LIMITS))
        with pytest.raises(ServerError) as caught:
            await client.get_json("limits/")
        assert caught.value.kind == "server"
        assert "refused" not in str(caught.value)
        assert sent.count == 3
        assert await client.get_json("limits/") == LIMITS.body

    @pytest.mark.parametrize(
        ("answer", "pause"),
        [
            (refused("login rate exceeded"), RATE_PAUSE),
            (refused("number of logins exceeded", "rate_limit_exceeded"), RATE_PAUSE),
            (refused("login rate exceeded", status=403), RATE_PAUSE),
            (Canned(400, refused("login rate exceeded").body, {"Retry-After": "120"}), 120),
            (Canned(429, {}, {"Retry-After": "120"}), 120),
        ],
    )
    async def test_too_many_logins(
        self, client_over: Client, sent: Sent, clock: ManualClock, answer: Canned, pause: float
    ) -> None:
        """A limit, not a refusal: no login at all for a minute, whoever asks, then it works."""
        client = client_over(CannedTransport(answer, LOGIN, LIMITS))
        told: list[UpstreamError] = []
        for _ in range(3):
            with pytest.raises(RateLimited) as caught:
                await client.get_json("limits/")
            told.append(caught.value)
            clock.advance(10)
        assert [error.retry_after for error in told] == [pause, pause - 10, pause - 20]
        assert sent.count == 1
        clock.advance(pause)
        assert await client.get_json("limits/") == LIMITS.body

    def test_what_does_not_pass_is_not_tried_on_and_on(self) -> None:
        """Only the limits and the servers' troubles pass."""
        passing = {cause.name for cause in CAUSES if cause.again is not Again.LATER}
        assert passing == {"login rate", "maintenance", "retry"}
        assert FIRST_PAUSE == RATE_PAUSE
