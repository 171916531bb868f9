"""What is written about the simulator covers what it does."""

import re
from pathlib import Path

import simulator
from simulator.control.routes import control_routes
from simulator.routes import all_routes
from simulator.settings import ASSUMPTIONS, Settings
from simulator.world import World

_ROOT = Path(simulator.__file__).parent
_CONTRACT = (_ROOT.parent / "docs" / "hubspot-contract.md").read_text()


def test_the_contract_lists_every_endpoint() -> None:
    world = World(Settings(), sample=False)
    all_routes(world)

    listed = set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", _CONTRACT, re.MULTILINE))

    assert listed == set(world.endpoints)


def test_every_assumption_is_explained_and_its_default_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (on|off) \|", _CONTRACT, re.MULTILINE)

    assert {name: default == "on" for name, default in rows} == ASSUMPTIONS


def test_every_assumption_switches_something() -> None:
    source = "".join(path.read_text() for path in _ROOT.rglob("*.py"))

    unused = [name for name in ASSUMPTIONS if f'assume("{name}")' not in source]

    assert unused == []


def test_the_readme_lists_every_control_call() -> None:
    text = (_ROOT / "README.md").read_text()
    paths = {route.path for route in control_routes(World(Settings(), sample=False))}

    missing = [path for path in paths if path not in text]

    assert missing == []
