-- Since 2026 rows of storage leave through the Storage API only, which removes the file as well:
-- a plain delete is refused, whoever asks. The API says so itself by setting
-- storage.allow_delete_query to true for its transaction.
set local role supabase_storage_admin;

create or replace function storage.protect_delete() returns trigger
language plpgsql
as $$
begin
    if current_setting('storage.allow_delete_query', true) is distinct from 'true' then
        raise exception using
            errcode = '42501',
            message = 'Direct deletion from storage tables is not allowed. '
                'Use the Storage API instead.',
            hint = 'The Storage API removes the file together with its row.';
    end if;
    return null;
end
$$;

create trigger protect_buckets_delete
before delete on storage.buckets
for each statement execute function storage.protect_delete();

create trigger protect_objects_delete
before delete on storage.objects
for each statement execute function storage.protect_delete();

create or replace function storage.enforce_bucket_name_length() returns trigger
language plpgsql
as $$
begin
    if length(new.name) > 100 then
        raise exception 'bucket name "%" is too long (% characters). Max is 100.',
            new.name, length(new.name);
    end if;
    return new;
end
$$;

create trigger enforce_bucket_name_length_trigger
before insert or update of name on storage.buckets
for each row execute function storage.enforce_bucket_name_length();

reset role;
