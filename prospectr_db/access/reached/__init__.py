"""What views and functions reach: in which states of rows, and what their answers rest on."""
