"""Who lives in the world and who knocks there: members, pairs, claims, forged tokens."""
