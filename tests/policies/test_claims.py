"""Claims as an adversary would send them, against every table."""

from __future__ import annotations

import pytest
from psycopg import sql

from prospectr_db.access.matrix.matrix import Verdict
from prospectr_db.access.personas.personas import Persona
from prospectr_db.pytest_plugin import AsPersona

from .rows import Rows
from .test_exposure import TABLES

SHAPES = {
    "no claims": lambda user: user.with_raw_claims(None),
    "empty claims": lambda user: user.with_raw_claims(""),
    "no sub": lambda user: user.without_claims("sub"),
    "sub is null": lambda user: user.with_claims({"sub": None}),
    "sub is empty": lambda user: user.with_claims({"sub": ""}),
    "sub is true": lambda user: user.with_claims({"sub": True}),
    "sub is a list of the id": lambda user: user.with_claims({"sub": [user.sub]}),
    "sub is an object": lambda user: user.with_claims({"sub": {"id": user.sub}}),
    "sub is not a uuid": lambda user: user.with_claims({"sub": "' or true --"}),
    "claims are a list": lambda user: user.with_raw_claims(f'["{user.sub}"]'),
    "claims are a text": lambda user: user.with_raw_claims(f'"{user.sub}"'),
    "claims are not JSON": lambda user: user.with_raw_claims("{sub: 1}"),
    "the id is elsewhere": lambda user: user.without_claims("sub").with_claims(
        {
            "user_id": user.sub,
            "user_metadata": {"sub": user.sub, "role": "service_role"},
            "app_metadata": {"sub": user.sub},
            "email": "amara.okafor@example.com",
        }
    ),
}


@pytest.fixture
def everything_of(rows: Rows, owner: Persona) -> Persona:
    """The owner, with a row in every table."""
    rows.profile(owner)
    profile = rows.user_profile(owner)
    rows.provider(owner, profile)
    rows.recipient(owner, rows.job(owner, template_id=rows.template(owner)))
    rows.lead(owner, saved_profile_id=rows.saved_profile(owner))
    rows.event(owner, rows.connection(owner))
    rows.status_update(owner)
    return owner


@pytest.mark.parametrize("shape", SHAPES)
def test_claims_without_a_usable_sub_open_nothing(
    as_persona: AsPersona, everything_of: Persona, shape: str
) -> None:
    adversary = as_persona(SHAPES[shape](everything_of).named(shape))
    for table in TABLES:
        statement = sql.SQL("select * from {}").format(sql.Identifier("public", table))
        as_persona(everything_of).allowed(statement, rows=1)
        outcome = adversary.run(statement)
        assert outcome.verdict in {Verdict.FILTERED, Verdict.REFUSED}, f"{table}: {outcome}"
        if outcome.verdict is Verdict.REFUSED:
            # auth.uid() cannot read it: an error, and the same one whatever the table holds.
            assert outcome.sqlstate == "22P02"


@pytest.mark.parametrize("claim", ["role", "aud", "app_metadata", "user_metadata"])
def test_no_other_claim_makes_a_user_more_than_himself(
    as_persona: AsPersona, everything_of: Persona, stranger: Persona, claim: str
) -> None:
    boast: object = {"role": "service_role", "admin": True}
    if claim in {"role", "aud"}:
        boast = "service_role"
    adversary = as_persona(stranger.with_claims({claim: boast}, name=f"stranger with {claim}"))
    for table in TABLES:
        statement = sql.SQL("select * from {}").format(sql.Identifier("public", table))
        adversary.filtered(statement, proof=everything_of)


def test_a_second_factor_or_anonymity_changes_nothing(
    as_persona: AsPersona, everything_of: Persona
) -> None:
    for changes in ({"aal": "aal2"}, {"is_anonymous": True}, {"session_id": None}):
        me = as_persona(everything_of.with_claims(changes))
        for table in TABLES:
            me.allowed(sql.SQL("select * from {}").format(sql.Identifier("public", table)), rows=1)


def test_a_users_id_in_capitals_is_the_same_user(
    as_persona: AsPersona, everything_of: Persona
) -> None:
    assert everything_of.sub is not None
    shouted = everything_of.with_claims({"sub": everything_of.sub.upper()})
    as_persona(shouted).allowed("select * from public.profiles", rows=1)
