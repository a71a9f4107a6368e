"""Sources: what a release declares, how its files are read, and the dataset they become."""
