"""The tutorial runs from top to bottom, and shows what its text says."""

import pathlib

import pytest

TUTORIAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tutorial.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_tutorial_runs_and_draws(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    for library in ("ipykernel", "matplotlib", "pandas"):
        pytest.importorskip(library)
    notebook = nbformat.read(TUTORIAL, 4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) == 3
    # Two images drawn as volumes cut into chunks, a file's, and a plan as a table.
    assert sum("<svg" in data.get("text/html", "") for data in shown) == 3
    assert sum("petavox-plan" in data.get("text/html", "") for data in shown) == 1
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
