"""The mixed Workspaces that the benchmarks compile."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What creates the nodes of a release: the kind of the objects.
NODES = {"0.3": "Machine", "0.12": "NodeClaim"}


def shapes(release):
    """The texts of the Workspaces that all others are made from."""
    return re.split(r"^---\n", (ROOT / f"benches/mixed-{release}.yaml").read_text(), flags=re.MULTILINE)


def write_workspaces(number, texts, directory):
    """Writes so many Workspaces, one a file, each with a number of its own, and one of ten teams."""
    directory.mkdir()
    for index in range(number):
        shape, team = index % len(texts), index // len(texts) % 10
        text = texts[shape].replace("NUMBER", str(index)).replace("TEAM", str(team))
        (directory / f"{index:05}.yaml").write_text(text)


def write_profile(release, path, overlays=""):
    path.write_text(
        "apiVersion: render.kaito.sh/v1alpha1\nkind: Profile\n"
        f'release: "{release}"\nprovisioner: {NODES[release].lower()}\n{overlays}'
    )
