"""The model: its manifest, the types made from it, and the estimator in one of three runtimes."""
