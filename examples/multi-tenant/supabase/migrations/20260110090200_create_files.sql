-- One bucket; the first folder of a file's name is the id of the organisation that it belongs to.
insert into storage.buckets (id, name, public) values ('files', 'files', false);

create policy "Members can read the files of their organisation." on storage.objects
for select to authenticated
using (bucket_id = 'files' and private.role_in(((storage.foldername(name))[1])::uuid) is not null);

create policy "Members can add files to their organisation." on storage.objects
for insert to authenticated
with check (
    bucket_id = 'files' and private.role_in(((storage.foldername(name))[1])::uuid) is not null
);

create policy "Owners and admins can remove files of their organisation." on storage.objects
for delete to authenticated
using (bucket_id = 'files' and private.governs(((storage.foldername(name))[1])::uuid));
