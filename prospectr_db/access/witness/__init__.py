"""Why a persona can or cannot: rows, a script, each policy part by part."""
