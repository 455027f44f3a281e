-- Settings of this session that change what a statement does or returns.
select
    name,
    setting
from pg_catalog.pg_settings
where
    name in (
        'bytea_output', 'check_function_bodies', 'client_encoding', 'DateStyle',
        'default_transaction_isolation', 'default_transaction_read_only', 'IntervalStyle',
        'lock_timeout', 'row_security', 'search_path', 'session_replication_role',
        'standard_conforming_strings', 'statement_timeout', 'TimeZone', 'wal_level'
    )
order by name
