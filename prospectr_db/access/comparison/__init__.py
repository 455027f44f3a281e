"""What differs between what is allowed and what shall be, in sentences."""
