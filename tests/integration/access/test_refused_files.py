"""Buckets in which a trigger refuses every file: what policies let through is told all the same."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Held, built, hold, run

FILES = """
insert into storage.buckets (id, name) values ('files', 'files'), ('others', 'others');
create policy s on storage.objects for select to authenticated
    using (bucket_id = 'files' and owner_id = (select auth.uid())::text);
create policy i on storage.objects for insert to authenticated
    with check (bucket_id = 'files' and owner_id = (select auth.uid())::text);
create policy d on storage.objects for delete to authenticated
    using (bucket_id = 'files' and owner_id = (select auth.uid())::text);
create table public.jobs (id bigint primary key generated always as identity, url text not null);
revoke all on public.jobs from anon, authenticated;
alter table public.jobs enable row level security;
create function public.on_upload() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
    insert into public.jobs (url) values (current_setting('app.functions_url', true) || '/process');
    return null;
end $$;
"""
TRIGGER = """
create trigger on_upload after insert on storage.objects
    for each row when (new.bucket_id = 'files') execute function public.on_upload();
"""
REFUSED = (
    "No file can be put into the bucket files: public.on_upload() refuses it (null value in column"
    ' "url" of relation "jobs" violates not-null constraint).'
    " What is told of its files is told as if it did not."
)


def test_a_leak_is_told_although_a_trigger_refuses_every_file(target: Target) -> None:
    run(target, FILES + TRIGGER)
    run(target, "create policy leak on storage.objects for delete using (bucket_id = 'files');")
    told = {f.sentence: f.severity for f in judge(observe(target))}
    assert told[REFUSED] == "warning"
    assert any(
        severity == "error" and "remove other people's files in files/user" in sentence
        for sentence, severity in told.items()
    )


def test_what_is_held_beside_a_refusing_trigger_goes_red_where_it_is_widened(
    target: Target,
) -> None:
    held = hold(target, FILES + TRIGGER)
    assert 'uploads = ["files: public.on_upload()"]' in held.text
    assert REFUSED in held.warnings()
    change = "alter policy i on storage.objects with check (bucket_id = 'files');"
    sentence = "Authenticated strangers can now upload files for other people to files/user."
    assert sentence in held.after(change)


def test_a_trigger_that_begins_to_refuse_is_red_and_so_is_one_that_ends_it(target: Target) -> None:
    held = built(target, FILES)
    told = "public.on_upload() {} refuses every file in the bucket files."
    assert held.after(TRIGGER) == {told.format("now")}
    text = held.text.replace("uploads = []", 'uploads = ["files: public.on_upload()"]')
    run(target, "drop trigger on_upload on storage.objects;")
    assert Held(target, text).errors() == {told.format("no longer")}


LINKED = """
create table public.documents (
    id bigint primary key generated always as identity,
    file uuid not null references storage.objects (id)
);
alter table public.documents enable row level security;
revoke all on public.documents from anon, authenticated;
create function public.on_upload() returns trigger language plpgsql security definer
set search_path = '' as $$ begin
    insert into public.documents (file) values (new.id);
    return null;
end $$;
insert into storage.buckets (id, name) values ('files', 'files');
create policy s on storage.objects for select to authenticated
    using (bucket_id = 'files' and owner_id = (select auth.uid())::text);
create policy d on storage.objects for delete to authenticated
    using (bucket_id = 'files' and owner_id = (select auth.uid())::text);
"""


def test_who_removes_files_is_told_although_rows_refer_to_those_of_the_world(
    target: Target,
) -> None:
    held = hold(target, LINKED + TRIGGER)
    change = """
        alter policy s on storage.objects using (bucket_id = 'files');
        alter policy d on storage.objects using (bucket_id = 'files');
    """
    sentence = "Authenticated strangers can now remove other people's files in files/user."
    assert sentence in held.after(change)
