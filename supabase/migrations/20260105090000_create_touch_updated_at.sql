-- The trigger function that keeps every updated_at true, whatever the client sends.

create function public.touch_updated_at()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

comment on function public.touch_updated_at() is
'Before update: sets updated_at to the time of the transaction.';

-- Triggers run without it; nobody has a reason to call it.
revoke execute on function public.touch_updated_at()
from public, anon, authenticated, service_role;
