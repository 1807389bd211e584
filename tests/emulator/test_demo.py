"""The demonstration, as `make demo` runs it."""

from pathlib import Path

import pytest

from emulator import demo

pytestmark = pytest.mark.long


def test_the_demonstration_deploys_the_web_stack_and_puts_back_what_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    exit_code = demo.main(tmp_path / "demo")

    shown = capfd.readouterr().out
    assert exit_code == 0, shown
    assert "6 templates deployed" in shown
    assert "15 of 15 checks passed." in shown
    assert "Azure refuses archive. Nothing was touched." in shown
    assert "AccountNameInvalid" in shown
    assert shown.count("Everything is as it was before") >= 2
    assert "Deployed again, as in web-stack-" in shown
    in_the_end = shown[shown.index("What Resource Manager has now") :]
    assert "plan-web-stack" in in_the_end
    assert "id-web-stack-archive" not in in_the_end
    assert "rg-failing-demo" not in in_the_end
    assert shown.index("rg-web-stack-demo") < shown.rindex("Microsoft.Web/sites")
