-- Which schedules pg_cron accepts: five fields of Vixie's cron, '@hourly' and its like, 'N
-- seconds'. The helper functions are in pg_catalog, the extension's own schema, so that cron holds
-- pg_cron's only.

create function pg_catalog.pg_cron_check_schedule(schedule text) returns void
language plpgsql immutable
set search_path = ''
as $$
declare
    months constant text[] := '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}';
    weekdays constant text[] := '{sun,mon,tue,wed,thu,fri,sat,sun}';
    lowest constant integer[] := '{0,0,1,1,0}';
    highest constant integer[] := '{59,23,31,12,7}';
    seconds constant text[] := regexp_match(schedule, '^\s*(\d{1,9})\s+seconds?\s*$', 'i');
    fields constant text[] := regexp_split_to_array(btrim(schedule, E' \t\n'), '[ \t]+');
    field text;
    element text;
    part text[];
    bound integer;
    valid boolean := true;
begin
    if seconds is not null then
        valid := seconds[1]::integer between 1 and 59;
    elsif fields[1] like '@%' then
        valid := fields[1] in (
            '@reboot', '@restart', '@yearly', '@annually', '@monthly', '@weekly', '@daily',
            '@midnight', '@hourly'
        );
    elsif coalesce(array_length(fields, 1), 0) < 5 or length(schedule) > 999 then
        valid := false;
    else
        for n in 1 .. 5 loop
            field := lower(fields[n]);
            -- Pg_cron's own sign for the last day of a month.
            continue when n = 3 and field = '$';
            for element in select regexp_split_to_table(field, ',') loop
                part := regexp_match(element,
                    '^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:/([0-9]{1,9}))?$');
                if part is null or part[4]::integer = 0 or part[4] is not null
                    and part[1] is null and part[3] is null then
                    valid := false;
                    exit;
                end if;
                foreach field in array array_remove(part[2:3], null) loop
                    bound := case
                        when field ~ '^[0-9]{1,9}$' then field::integer
                        when n = 4 then array_position(months, field)
                        when n = 5 then array_position(weekdays, field) - 1
                    end;
                    if bound is null or bound not between lowest[n] and highest[n] then
                        valid := false;
                    end if;
                end loop;
            end loop;
        end loop;
    end if;
    if valid is not true then
        raise exception 'invalid schedule: %', schedule using
            errcode = '22023',
            hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
    end if;
end
$$;
