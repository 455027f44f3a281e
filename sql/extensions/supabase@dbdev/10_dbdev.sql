-- The same as supabase-dbdev, under the name that later packages have.

\ir ../supabase-dbdev/10_dbdev.sql
