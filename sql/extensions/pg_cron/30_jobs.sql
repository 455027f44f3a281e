-- Writing jobs. Pg_cron's C functions run as their caller and write cron.job all the same; here
-- they pass the caller's name to the two functions below that may.

-- Definer: nobody but the owner may write cron.job.
create function pg_catalog.pg_cron_write_job(
    caller name,
    job_name text,
    schedule text,
    command text,
    database text,
    username text,
    active boolean
) returns bigint
language plpgsql volatile security definer
set search_path = ''
as $$
declare
    runs_as constant text := coalesce(username, caller);
    runs_in constant text := coalesce(database, current_database());
    id bigint;
begin
    perform pg_catalog.pg_cron_check_schedule(schedule);
    if runs_as <> caller and not (select rolsuper from pg_roles where rolname = caller) then
        raise exception 'must be superuser to create a job for another role'
            using errcode = '42501';
    end if;
    if not has_database_privilege(runs_as::name, runs_in, 'connect') then
        raise exception 'User % does not have CONNECT privilege on %', runs_as, runs_in
            using errcode = '42501';
    end if;
    insert into cron.job (schedule, command, nodename, nodeport, database, username, active,
        jobname)
    values (
        pg_cron_write_job.schedule, pg_cron_write_job.command, 'localhost',
        current_setting('port')::integer, runs_in, runs_as, pg_cron_write_job.active, job_name
    )
    on conflict on constraint jobname_username_uniq do update set
        schedule = excluded.schedule,
        command = excluded.command,
        nodename = excluded.nodename,
        nodeport = excluded.nodeport,
        database = excluded.database,
        active = excluded.active
    returning jobid into id;
    return id;
end
$$;

-- Definer: nobody but the owner may write cron.job. Null stands for "leave as it is".
create function pg_catalog.pg_cron_change_job(
    caller name,
    id bigint,
    new_schedule text,
    new_command text,
    new_database text,
    new_username text,
    new_active boolean
) returns void
language plpgsql volatile security definer
set search_path = ''
as $$
declare
    is_superuser constant boolean := (select rolsuper from pg_roles where rolname = caller);
    job cron.job;
begin
    if num_nonnulls(new_schedule, new_command, new_database, new_username, new_active) = 0 then
        raise exception 'no updates specified' using
            errcode = 'XX000',
            hint = 'You must specify at least one job attribute to change when calling alter_job';
    end if;
    if new_username is not null and not is_superuser then
        raise exception 'must be superuser to alter username' using errcode = '42501';
    end if;
    select * into job from cron.job where jobid = id and (username = caller or is_superuser);
    if not found then
        raise exception 'Job % does not exist or you don''t own it', id using errcode = 'XX000';
    end if;
    if new_schedule is not null then
        perform pg_catalog.pg_cron_check_schedule(new_schedule);
    end if;
    if not has_database_privilege(
        coalesce(new_username, job.username)::name, coalesce(new_database, job.database), 'connect'
    ) then
        raise exception 'User % does not have CONNECT privilege on %',
            coalesce(new_username, job.username), coalesce(new_database, job.database)
            using errcode = '42501';
    end if;
    update cron.job set
        schedule = coalesce(new_schedule, schedule),
        command = coalesce(new_command, command),
        database = coalesce(new_database, database),
        username = coalesce(new_username, username),
        active = coalesce(new_active, active)
    where jobid = id;
end
$$;

-- Definer: nobody but the owner may write cron.job. By id or, where that is null, by name.
create function pg_catalog.pg_cron_delete_job(caller name, id bigint, name text) returns void
language plpgsql volatile security definer
set search_path = ''
as $$
declare
    doomed cron.job;
begin
    select * into doomed from cron.job
    where jobid = id or id is null and jobname = name and username = caller;
    if not found then
        raise exception 'could not find valid entry for job %',
            coalesce(id::text, quote_literal(name))
            using errcode = 'XX000';
    end if;
    if doomed.username <> caller and not has_table_privilege(caller, 'cron.job', 'delete') then
        raise exception 'permission denied for table job' using errcode = '42501';
    end if;
    delete from cron.job where jobid = doomed.jobid;
end
$$;

create function cron.schedule(schedule text, command text) returns bigint
language plpgsql volatile strict
as $$
begin
    return pg_catalog.pg_cron_write_job(current_user, null, schedule, command, null, null, true);
end
$$;

comment on function cron.schedule(text, text) is
    'schedule a pg_cron job (this stand-in records it; prospectr-db cron run runs it)';

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language plpgsql volatile
as $$
begin
    if job_name is null then
        raise exception 'job_name can not be NULL' using errcode = '22023';
    end if;
    if schedule is null then
        raise exception 'schedule can not be NULL' using errcode = '22023';
    end if;
    if command is null then
        raise exception 'command can not be NULL' using errcode = '22023';
    end if;
    return pg_catalog.pg_cron_write_job(current_user, job_name, schedule, command, null, null,
        true);
end
$$;

comment on function cron.schedule(text, text, text) is
    'schedule a pg_cron job (this stand-in records it; prospectr-db cron run runs it)';

create function cron.schedule_in_database(
    job_name text,
    schedule text,
    command text,
    database text,
    username text default null,
    active boolean default true
) returns bigint
language plpgsql volatile
as $$
begin
    if num_nulls(job_name, schedule, command, database) > 0 then
        raise exception '% can not be NULL', case
            when job_name is null then 'job_name'
            when schedule is null then 'schedule'
            when command is null then 'command'
            else 'database'
        end using errcode = '22023';
    end if;
    return pg_catalog.pg_cron_write_job(
        current_user, job_name, schedule, command, database, username, active
    );
end
$$;

comment on function cron.schedule_in_database(text, text, text, text, text, boolean) is
    'schedule a pg_cron job (this stand-in records it; prospectr-db cron run runs it)';

create function cron.alter_job(
    job_id bigint,
    schedule text default null,
    command text default null,
    database text default null,
    username text default null,
    active boolean default null
) returns void
language plpgsql volatile
as $$
begin
    if job_id is null then
        raise exception 'job_id can not be NULL' using errcode = '22023';
    end if;
    perform pg_catalog.pg_cron_change_job(
        current_user, job_id, schedule, command, database, username, active
    );
end
$$;

comment on function cron.alter_job(bigint, text, text, text, text, boolean) is
    'Alter the job identified by job_id. Any option left as NULL will not be modified.';

create function cron.unschedule(job_id bigint) returns boolean
language plpgsql volatile strict
as $$
begin
    perform pg_catalog.pg_cron_delete_job(current_user, job_id, null);
    return true;
end
$$;

comment on function cron.unschedule(bigint) is 'unschedule a pg_cron job';

create function cron.unschedule(job_name text) returns boolean
language plpgsql volatile strict
as $$
begin
    perform pg_catalog.pg_cron_delete_job(current_user, null, job_name);
    return true;
end
$$;

comment on function cron.unschedule(text) is 'unschedule a pg_cron job';

revoke execute on function
    cron.schedule_in_database(text, text, text, text, text, boolean),
    cron.alter_job(bigint, text, text, text, text, boolean)
    from public;
