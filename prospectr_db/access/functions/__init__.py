"""What each persona learns and changes by calling functions."""
