"""The tests: unit, contract, integration, faults, e2e, fuzz, bench, plugins."""
