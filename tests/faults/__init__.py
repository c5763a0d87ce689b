"""Fault injection on a large scale: the whole matrix, storms of kills, thousands of cycles: ``./tools/faults``."""
