"""How rows come to be: parents first, likely values, states, and users who sign up."""
