-- Policies that read other tables, and so are planned with the policies of those (access_policies.py).
create table public.shops (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id),
    is_open boolean not null default false
);
create table public.staff (
    shop_id uuid not null references public.shops (id),
    user_id uuid not null references auth.users (id),
    primary key (shop_id, user_id)
);
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    shop_id uuid not null references public.shops (id),
    customer_id uuid not null references auth.users (id)
);
create table public.messages (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references public.orders (id),
    sender_id uuid not null references auth.users (id),
    body text not null
);
alter table public.shops enable row level security;
alter table public.staff enable row level security;
alter table public.orders enable row level security;
alter table public.messages enable row level security;
grant select, insert, update, delete on all tables in schema public to authenticated;
create policy shops on public.shops for all to authenticated
using (is_open or owner_id = auth.uid()) with check (owner_id = auth.uid());
create policy staff on public.staff for all to authenticated
using (
    user_id = auth.uid()
    or exists (select from public.shops as s where s.id = shop_id and s.owner_id = auth.uid())
);
create policy orders on public.orders for all to authenticated
using (
    customer_id = auth.uid()
    or exists (
        select from public.staff as s where s.shop_id = orders.shop_id and s.user_id = auth.uid()
    )
    or exists (select from public.shops as s where s.id = shop_id and s.owner_id = auth.uid())
);
create policy messages on public.messages for all to authenticated
using (
    exists (select from public.orders as o where o.id = order_id and o.customer_id = auth.uid())
)
with check (
    sender_id = auth.uid()
    and exists (select from public.orders as o where o.id = order_id)
);
