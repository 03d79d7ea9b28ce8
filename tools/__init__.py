"""Tools for developers, never deployed. `./egl` lists them."""
