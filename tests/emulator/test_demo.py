"""The demonstration, as `make demo` runs it."""

from pathlib import Path

import pytest

from emulator import demo


def test_the_demonstration_deploys_the_web_stack_and_names_the_cause_of_the_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    exit_code = demo.main(tmp_path / "demo")

    shown = capfd.readouterr().out
    assert exit_code == 0, shown
    assert "6 templates deployed" in shown
    assert "AccountNameInvalid" in shown
    assert shown.index("rg-web-stack-demo") < shown.rindex("Microsoft.Web/sites")
