"""Promela models of what no running test can cover: every interleaving, and a death between any two accesses."""
