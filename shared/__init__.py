"""What the functions share. Deployed with function_app.py; knows nothing of tools, tests or bench."""
