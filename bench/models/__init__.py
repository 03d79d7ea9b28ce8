"""The table in docs/models.md: which models are served without scikit-learn, how exactly, and how fast."""
