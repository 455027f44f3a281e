"""Measurements, with the peer in the same run, told as ratios. `make bench` runs them all."""
