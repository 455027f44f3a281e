"""What each persona sees and changes through views."""
