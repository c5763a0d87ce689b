"""The plugins that ship with the host: one folder each, data to Python and never imported from here."""
