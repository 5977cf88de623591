"""What the integration user may do in Salesforce, and where the org lives.

Exports, for one integration::

    hubspot_salesforce_integration_user_active{integration="acme"} 1
    hubspot_salesforce_integration_user_frozen{integration="acme"} 0
    hubspot_salesforce_integration_user_api_enabled{integration="acme"} 1
    hubspot_salesforce_permission_set_assigned{integration="acme"} 1
    hubspot_salesforce_permission_assignment_expiry_timestamp_seconds{integration="acme"} 1.8e+09
    hubspot_salesforce_object_permission{integration="acme",object="Contact",access="edit"} 0
    hubspot_salesforce_field_permission{integration="acme",object="Contact",field="Email",access="read"} 1

A source of parts: each query may fail without the others. One composite request, one API call, but for a second one
after a start and when the user's assignments have changed (``access.rounds``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.salesforce.access_queries import ASSIGNMENTS, LOGIN, ORGANIZATION
from exporter.config.masking import shown
from exporter.config.settings import Integration, Salesforce
from exporter.errors import Again, InvalidAnswer
from exporter.model import Access, Permission
from exporter.schemas.json_schema import checked
from exporter.sources.access.assignments import FOREVER, Assignment, Search, assignments_of
from exporter.sources.access.grants import Grants, Terms
from exporter.sources.access.inquiry import inquire
from exporter.sources.access.rounds import look
from exporter.sources.source import Fetched, Source, configured, remembered


async def fetch(connection: Connection, previous: Any) -> Fetched:
    """What was asked and the columns that came back, as lists: a tenth of what Salesforce sends."""
    salesforce = configured(connection.salesforce, "Salesforce org")
    about = _about(configured(connection.settings.salesforce, "Salesforce org"))
    known = remembered(previous, "salesforce_access")
    if known is not None and (known["about"] != about or not remembered(known["answers"], "salesforce_access_answers")):
        known = None
    return await inquire(salesforce, about, known, connection.settings.name, connection.clock.time())


def _about(settings: Salesforce) -> dict[str, Any]:
    return {
        "org": settings.url,
        "api_version": settings.api_version,
        "integration_user": configured(settings.integration_user, "integration_user of the Salesforce org"),
        "permission_set": settings.permission_set,
        "objects": list(settings.objects),
        "fields": [list(pair) for pair in settings.fields],
    }


def parse(payload: Any, read_at: float) -> Access:
    told = checked(payload, "salesforce_access", "access")
    answers = checked(told["answers"], "salesforce_access_answers", "access")
    assigned = assignments_of(answers[ASSIGNMENTS]["rows"] if answers[ASSIGNMENTS] else (), read_at)
    if not assigned and answers[ASSIGNMENTS]:
        raise InvalidAnswer(
            f"Salesforce shows no profile of the user {shown(told['about']['integration_user'])}: is that the username "
            "HubSpot logs in with (salesforce.integration_user), and may the exporter's own user View Setup and "
            "Configuration?",
            again=Again.LATER,
        )
    looked, terms = look(told, read_at), Terms(assigned)
    objects, fields = Grants(answers["objects"], terms), Grants(answers["fields"], terms)
    instance, sandbox = _organization(answers)
    return Access(
        user_active=_all(one.user_active for one in assigned),
        user_frozen=_frozen(answers[LOGIN]),
        api_enabled=_any(one.api_enabled for one in assigned if one.in_force),
        permission_set_assigned=looked.found,
        assignment_ends=_first_end(told["about"], assigned, looked, objects, fields),
        permissions=(*_object_permissions(told["about"], objects), *_field_permissions(told["about"], fields)),
        instance=instance,
        sandbox=sandbox,
    )


def _all(flags: Iterable[bool | None]) -> bool | None:
    known = [flag for flag in flags if flag is not None]
    return all(known) if known else None


def _any(flags: Iterable[bool | None]) -> bool | None:
    told = list(flags)
    return True if True in told else None if None in told or not told else False


def _frozen(login: Mapping[str, Any] | None) -> bool | None:
    """Frozen, or locked out for too many wrong passwords; neither is only known where both are told."""
    flags = [flag for row in login["rows"] for flag in row] if login else []
    if any(flags):
        return True
    return None if not flags or None in flags else False


def _organization(answers: Mapping[str, Any]) -> tuple[str | None, bool | None]:
    organization = answers.get(ORGANIZATION)
    instance, sandbox = organization["rows"][0] if organization and organization["rows"] else (None, None)
    return instance, sandbox


def _object_permissions(about: Mapping[str, Any], grants: Grants) -> Iterator[Permission]:
    for position, name in enumerate(about["objects"]):
        yield Permission(name, None, *grants.of((name,), position, name))


def _field_permissions(about: Mapping[str, Any], grants: Grants) -> Iterator[Permission]:
    for position, (object_name, field) in enumerate(about["fields"]):
        yield Permission(object_name, field, *grants.of(_spellings(object_name, field), position, object_name))


def _spellings(object_name: str, field: str) -> tuple[str, str]:
    """A lookup may be asked for as Contact.Account; the row names it Contact.AccountId."""
    return f"{object_name}.{field}", f"{object_name}.{field}Id"


def _first_end(
    about: Mapping[str, Any], assigned: Iterable[Assignment], looked: Search, objects: Grants, fields: Grants
) -> float | None:
    """When the first thing is lost that the user needs and now has; ``None`` if nothing ends."""
    ends = [
        max((one.ends for one in looked.holders), default=FOREVER),
        max((one.ends for one in assigned if one.in_force and one.api_enabled), default=FOREVER),
        *(objects.end((name,)) for name in about["objects"]),
        *(fields.end(_spellings(*pair)) for pair in about["fields"]),
    ]
    first = min(ends)
    return first if first < FOREVER else None


def applies(integration: Integration) -> bool:
    return integration.salesforce is not None and integration.salesforce.integration_user is not None


SOURCE = Source("salesforce_access", applies, fetch, parse, asks_salesforce=True, budget_share=0.9, one_call=True)
