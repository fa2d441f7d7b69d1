import os
import subprocess
import sys
from pathlib import Path

import pytest

from rainscore import digests
from rainscore.paths import CHECKOUT


@pytest.fixture
def project(tmp_path: Path):
    """Folder of a small project, and a function that returns the digests of its script by file."""
    files = {
        "scripts/do.py": '"""Do."""\nfrom rainscore.losses import pinball\npinball()\n',
        "rainscore/__init__.py": "",
        "rainscore/losses.py": (
            '"""Losses."""\nimport rainscore.maths\n\ndef pinball():\n    return 1\n'
        ),
        "rainscore/maths.py": "TEMPLATE = 'page.html'\n",
        "rainscore/other.py": "X = 1\n",
        "rainscore/report/templates/page.html": "<p>",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def listed() -> dict[str, str]:
        digests._digest.cache_clear()
        digests._dependencies.cache_clear()
        digests._code.cache_clear()
        rows = digests.code_digests(tmp_path / "scripts/do.py", tmp_path)
        return dict(row.rsplit(" ", 1) for row in rows)

    return tmp_path, listed


def test_a_script_depends_on_the_modules_it_imports_and_the_data_files_they_name(project) -> None:
    _, listed = project
    assert set(listed()) == {
        "scripts/do.py",
        "rainscore/__init__.py",
        "rainscore/losses.py",
        "rainscore/maths.py",
        "rainscore/report/templates/page.html",
    }


def test_a_comment_or_docstring_changes_no_digest(project) -> None:
    root, listed = project
    before = listed()
    path = root / "rainscore/losses.py"
    path.write_text('"""Other words."""\n# why\n' + path.read_text().split("\n", 1)[1])
    assert listed() == before


def test_an_edit_changes_the_digest_of_its_file_alone(project) -> None:
    root, listed = project
    before = listed()
    path = root / "rainscore/losses.py"
    path.write_text(path.read_text().replace("return 1", "return 2"))
    after = listed()
    assert {name for name in before if before[name] != after[name]} == {"rainscore/losses.py"}


def test_an_edited_template_changes_the_digests(project) -> None:
    root, listed = project
    before = listed()
    (root / "rainscore/report/templates/page.html").write_text("<div>")
    assert listed() != before


def test_a_sentence_in_a_module_is_not_taken_for_a_data_file(project) -> None:
    folder, listed = project
    before = set(listed())
    (folder / "rainscore/maths.py").write_text(f"T = 'page.html'\nTEXT = {'A sentence. ' * 40!r}\n")
    assert set(listed()) == before


def test_only_the_trainings_depend_on_the_launcher_of_several_processes() -> None:
    scripts = [
        path.stem
        for path in (CHECKOUT / "scripts").glob("*.py")
        if any("training/launcher.py" in row for row in digests.code_digests(path, CHECKOUT))
    ]
    assert sorted(scripts) == ["train_autoencoder", "train_unet", "train_variant"]


@pytest.mark.parametrize("script", sorted(p.name for p in (CHECKOUT / "scripts").glob("*.py")))
def test_every_rule_passes_the_digests_of_its_own_script(script: str) -> None:
    rules = "\n".join(p.read_text() for p in (CHECKOUT / "rules").glob("*.smk"))
    name = script.removesuffix(".py")
    assert f"rule {name}:" in rules
    body = rules.split(f"rule {name}:")[1].split("rule ")[0]
    assert f'code=code("{name}")' in body
    assert f'"../scripts/{script}"' in body


def test_digests_are_equal_in_a_locale_that_is_not_utf8(project) -> None:
    root, listed = project
    (root / "rainscore/losses.py").write_bytes("X = 'é → mm'\n".encode())
    code = (
        "import locale, sys; from pathlib import Path; from rainscore.digests import code_digests\n"
        "assert locale.getpreferredencoding().lower() != 'utf-8'\n"
        "root = Path(sys.argv[1]); print(code_digests(root / 'scripts/do.py', root))"
    )
    other = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    result = subprocess.run(
        [sys.executable, "-c", code, str(root)],
        capture_output=True,
        text=True,
        env={**os.environ, **other, "PYTHONPATH": str(CHECKOUT)},
    )
    assert result.returncode == 0, result.stderr[-500:]
    assert result.stdout == f"{[f'{file} {digest}' for file, digest in listed().items()]}\n"


def test_imports_for_type_checkers_only_are_not_followed(project) -> None:
    root, listed = project
    (root / "rainscore/other.py").write_text("X = 1\n")
    guarded = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
    text = "from rainscore.other import X\n"
    (root / "rainscore/losses.py").write_text(f"{guarded}    {text}")
    assert "rainscore/other.py" not in listed()
    (root / "rainscore/losses.py").write_text(text)
    assert "rainscore/other.py" in listed()
