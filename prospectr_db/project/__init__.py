"""A supabase/ folder as typed values: config, migrations, seeds, contract."""
