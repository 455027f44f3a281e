-- Settings that postgres may change although PostgreSQL reserves them for superusers. Supabase
-- allows them through supautils (supautils.privileged_role_allowed_configs); here they are
-- ordinary parameter grants, which know no wildcard: PostgREST's settings are listed by name.
do $$
declare
    parameter text;
begin
    foreach parameter in array pg_catalog.regexp_split_to_array(pg_catalog.btrim($list$
        auto_explain.log_analyze auto_explain.log_buffers auto_explain.log_format
        auto_explain.log_level auto_explain.log_min_duration auto_explain.log_nested_statements
        auto_explain.log_parameter_max_length auto_explain.log_settings auto_explain.log_timing
        auto_explain.log_triggers auto_explain.log_verbose auto_explain.log_wal
        auto_explain.sample_rate log_lock_waits log_min_duration_statement log_min_messages
        log_parameter_max_length log_replication_commands log_statement log_temp_files
        pg_net.batch_size pg_net.ttl pg_stat_statements.max pg_stat_statements.save
        pg_stat_statements.track pg_stat_statements.track_planning
        pg_stat_statements.track_utility pgaudit.log pgaudit.log_catalog pgaudit.log_client
        pgaudit.log_level pgaudit.log_relation pgaudit.log_rows pgaudit.log_statement
        pgaudit.log_statement_once pgaudit.role pgrst.admin_server_port pgrst.app_settings
        pgrst.client_error_verbosity pgrst.db_aggregates_enabled pgrst.db_anon_role
        pgrst.db_channel pgrst.db_channel_enabled pgrst.db_config pgrst.db_extra_search_path
        pgrst.db_hoisted_tx_settings pgrst.db_max_rows pgrst.db_plan_enabled pgrst.db_pool
        pgrst.db_pool_acquisition_timeout pgrst.db_pool_max_idletime
        pgrst.db_pool_max_lifetime pgrst.db_pre_config pgrst.db_pre_request
        pgrst.db_prepared_statements pgrst.db_root_spec pgrst.db_schema pgrst.db_schemas
        pgrst.db_timezone_enabled pgrst.db_tx_end pgrst.db_use_legacy_gucs pgrst.db_uri
        pgrst.jwt_aud pgrst.jwt_cache_max_entries pgrst.jwt_cache_max_lifetime
        pgrst.jwt_role_claim_key pgrst.jwt_secret pgrst.jwt_secret_is_base64 pgrst.log_level
        pgrst.log_query pgrst.max_rows pgrst.openapi_mode pgrst.openapi_security_active
        pgrst.openapi_server_proxy_uri pgrst.pre_request pgrst.raw_media_types
        pgrst.server_cors_allowed_origins pgrst.server_host pgrst.server_port
        pgrst.server_timing_enabled pgrst.server_trace_header pgrst.server_unix_socket
        plan_filter.statement_cost_limit plan_filter.limit_select_only safeupdate.enabled
        session_replication_role track_io_timing wal_compression
    $list$, E' \n'), '\s+') loop
        if not pg_catalog.has_parameter_privilege('postgres', parameter, 'set') then
            execute pg_catalog.format('grant set on parameter %s to postgres', parameter);
        end if;
    end loop;
end
$$;
