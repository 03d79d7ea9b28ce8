"""What developers run on their own machine, never deployed: `python -m tools` lists it."""
