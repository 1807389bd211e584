"""Files for their owner: replaced as a whole, and read by nobody else."""

import stat
from pathlib import Path

from emulator.private_files import write_for_owner


def test_a_file_is_replaced_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old, and longer")
    file.chmod(0o644)

    with file.open() as reader:
        write_for_owner(file, "new")
        still_read = reader.read()

    assert (file.read_text(), still_read) == ("new", "old, and longer")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
