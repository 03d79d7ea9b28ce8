"""Tools for developers, never deployed. `python -m tools` lists them."""
