"""The engine: arrays in, arrays out. It knows no case, no source and no sentence."""
