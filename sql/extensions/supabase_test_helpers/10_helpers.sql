-- The same as basejump-supabase_test_helpers, under the name that later packages have.

\ir ../basejump-supabase_test_helpers/10_users.sql
\ir ../basejump-supabase_test_helpers/20_tables.sql
\ir ../basejump-supabase_test_helpers/30_time.sql
