"""The entry point of the tools: `./egl` lists them, `./egl NAME ...` runs one."""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def main(argv: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Run the tool that the first argument names, with the other arguments; without arguments, list the tools.

    Returns the tool's exit code, or 2 for an unknown name.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    tools = available(folder)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(listing(tools))
        return 0
    if arguments[0] not in tools:
        print(f"There is no tool {arguments[0]!r}.\n\n{listing(tools)}", file=sys.stderr)
        return 2
    tool = importlib.import_module(f"tools.{arguments[0]}")
    code: int = tool.main(arguments[1:])
    return code


def available(folder: Path = FOLDER) -> dict[str, str]:
    """Return every tool's name with the first line of its docstring, in alphabetical order.

    The sources are read, not imported: a broken import in one tool must not hide the others.
    """
    tools = {}
    for module in sorted(pkgutil.iter_modules([str(folder)])):
        tree = ast.parse(source(folder, module.name).read_text(encoding="utf-8"))
        if not module.name.startswith("_") and has_main(tree):
            tools[module.name] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return tools


def source(folder: Path, name: str) -> Path:
    """Return the file with a tool's docstring and its `main`."""
    package = folder / name / "__init__.py"
    return package if package.exists() else folder / f"{name}.py"


def has_main(tree: ast.Module) -> bool:
    """Return whether a module is a tool: it defines `main`, or imports it from one of its parts."""
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    imports = (alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names)
    imported = {alias.asname or alias.name for alias in imports}
    return "main" in defined | imported


def listing(tools: dict[str, str]) -> str:
    """Return the list that `./egl` prints."""
    width = max(map(len, tools), default=0)
    lines = [f"  {name:<{width}}  {summary}" for name, summary in tools.items()]
    return "\n".join(["Usage: ./egl NAME [--help] ...", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
