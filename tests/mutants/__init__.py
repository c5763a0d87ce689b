"""Takes the product's defences out one by one, in a temporary copy, and demands that a named test notices."""
