-- Waking the worker, and waiting for it, since 0.19. There is none.

create function net.wait_until_running() returns void
language plpgsql volatile
as $$
begin
    null;
end
$$;

create function net.wake() returns void
language plpgsql volatile
as $$
begin
    null;
end
$$;
