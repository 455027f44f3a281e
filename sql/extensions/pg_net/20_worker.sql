-- The worker's controls. There is no worker: nothing leaves this database.

create function net.check_worker_is_up() returns void
language plpgsql volatile
as $$
begin
    raise notice 'pg_net is a stand-in here: requests are queued and never sent';
end
$$;

create function net.worker_restart() returns boolean
language sql volatile
return true;
