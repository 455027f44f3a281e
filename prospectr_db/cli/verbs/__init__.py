"""One module per verb; every module here is found by globbing."""
