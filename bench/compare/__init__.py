"""This service beside the servers that people choose for the same job: same machine, same model, same run."""
