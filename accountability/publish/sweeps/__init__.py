"""Many runs of one study: a grid of parameters, made in parallel and taken up again where it stopped."""
