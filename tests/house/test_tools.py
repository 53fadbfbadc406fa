"""ruff and mypy run clean with the configuration in pyproject.toml."""
import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["mypy"]], ids=["ruff", "mypy"])
def test_the_tools_find_nothing(root, command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_runs_the_command_that_the_readme_gives(root):
    script = (root / ".ci/run").read_text()
    readme = (root / "README.md").read_text()
    command = readme.partition("<!-- tests -->")[2].split("```")[1].removeprefix("sh").strip()
    assert "pytest" in command and "\n" not in command
    assert "<!-- tests -->" in script and "pytest" not in script, "CI must read the command, not repeat it"
