"""Sweeps: run one study over a grid of parameters, in parallel and resumable."""
