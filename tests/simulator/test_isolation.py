"""The simulator is written from HubSpot's reference: it knows nothing of the worker."""

import ast
from pathlib import Path

import simulator

_FOREIGN = ("worker", "tasks", "config", "demo")


def test_no_module_of_the_simulator_imports_the_worker() -> None:
    root = Path(simulator.__file__).parent
    imported: set[str] = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])

    assert imported.isdisjoint(_FOREIGN)
    assert "starlette" in imported
