"""Files that are not well formed, made from good ones by a seed, for decoders that notice every false step."""
