-- pgTAP assertions about row level security. A view has none, and counts as a table without.
-- Which pgTAP it is, is found through the caller's search path.

create function tests.rls_enabled(testing_schema text) returns text
language plpgsql
as $$
begin
    return is(
        (
            select count(*)::integer
            from pg_catalog.pg_class as rel
            where
                rel.relnamespace = pg_catalog.to_regnamespace(quote_ident(testing_schema))
                and rel.reltype <> 0
                and not rel.relrowsecurity
        ),
        0,
        'All tables in the ' || testing_schema || ' schema should have row level security enabled'
    );
end
$$;

create function tests.rls_enabled(testing_schema text, testing_table text) returns text
language plpgsql
as $$
begin
    return is(
        (
            select count(*)::integer
            from pg_catalog.pg_class as rel
            where
                rel.relnamespace = pg_catalog.to_regnamespace(quote_ident(testing_schema))
                and rel.relname = testing_table
                and rel.relrowsecurity
        ),
        1,
        testing_table || ' table in the ' || testing_schema
        || ' schema should have row level security enabled'
    );
end
$$;
