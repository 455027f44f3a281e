"""Reference pages written from what they describe: a database's catalog, and the command line."""
