"""Functions over tables that are nobody's and closed: what a coupon is worth."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

CHECK = """
create or replace function public.check_coupon(code text) returns integer
language sql stable security definer set search_path = '' as $$
    select c.percent_off from public.coupons as c where c.code = check_coupon.code {}
$$;
"""
WORTH = """
create or replace function public.coupon_worth(code text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare found public.coupons; begin
    select * into found from public.coupons as c where c.code = coupon_worth.code;
    if found.id is null then return jsonb_build_object('valid', false); end if;
    {}
    return jsonb_build_object('valid', true, 'percent_off', found.percent_off);
end $$;
"""
OVER = """
    if found.expires_at < now() then
        return jsonb_build_object('valid', false, 'reason', 'over');
    end if;
"""
COUPONS = f"""
create table public.coupons (
    id uuid primary key default gen_random_uuid(),
    code text not null unique, percent_off integer not null check (percent_off between 1 and 100),
    active boolean not null default true, expires_at timestamptz
);
{CHECK.format("and c.active")}
{WORTH.format(OVER)}
alter table public.coupons enable row level security;
revoke all on all tables in schema public from anon, authenticated;
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
"""
CALL = "Owners can now get something of rows that are nobody's by calling {} where {}."


def test_the_state_of_a_row_that_is_nobodys_is_held_for_calls(target: Target) -> None:
    held: Held = hold(target, COUPONS)
    respelt = (
        CHECK.format("and c.active is not false")
        .replace("language sql", "language plpgsql")
        .replace("$$\n    select", "$$ begin return (select")
        .replace("\n$$;", "); end $$;")
    )
    assert held.after(respelt) == set()
    inactive = CALL.format("public.check_coupon(text)", "coupons.active=false")
    assert inactive in held.after(CHECK.format(""))
    over = CALL.format("public.coupon_worth(text)", "coupons.expires_at=2020-01-01")
    found = held.after(CHECK.format("and c.active") + WORTH.format(""))
    assert over in found
    assert not any("check_coupon" in sentence for sentence in found)
