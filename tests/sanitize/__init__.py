"""The product's C under gcc's sanitizers: what races, what reaches out of bounds, what C leaves undefined."""
