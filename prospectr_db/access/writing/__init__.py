"""How statements are written: their text, and the values that columns are likely to take."""
