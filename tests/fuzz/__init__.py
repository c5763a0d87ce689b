"""Files that are not well formed, made from good ones by a seed, and decoders that are built to notice every false step."""
