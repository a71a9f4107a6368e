"""Statistical methods on arrays, independent of cases, sources and sentences."""
