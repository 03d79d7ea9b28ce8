"""What is measured, and against what. Scripts that print a table; nothing here is a test."""
