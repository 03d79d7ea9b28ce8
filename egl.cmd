@echo off
rem Run a tool of this project: egl lists them.
set "PYTHONPATH=%~dp0"
"%~dp0.venv\Scripts\python" -m tools %*
