"""The service behind the functions. Deployed with function_app.py; imports nothing of tools, tests or bench."""
