"""Passes by name, and pipelines of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphad import passes
from graphad.builder import rebuild
from graphad.cost import cost
from graphad.errors import PassError
from graphad.ir import Graph
from graphad.op import OPS
from graphad.passes import PASSES, Pass, Pipeline, graph_pass
from tests.passes.graphs import graph_of

OWN = sorted(set(passes.__all__) & set(PASSES))


@pytest.fixture(autouse=True)
def known_passes() -> Iterator[None]:
    """Forget the passes that a test registers."""
    before = dict(PASSES)
    yield
    PASSES.clear()
    PASSES.update(before)


def sample() -> Graph:
    """Return a graph that passes have something to do with."""
    return graph_of(lambda x, y: 1.0 * (x * y) + OPS["sin"](y * x), "[]", "[]")


def test_the_passes_there_are() -> None:
    """Every pass has its name, one line on what it does, and says whether it keeps values."""
    changing = {"jvp", "transpose", "diff", "batch", "taylor", "operator", "nested", "straight"}
    changing |= {"compose", "compressed", "directions", "edge_pushing", "eliminate", "multivariate"}
    assert changing <= set(OWN)
    for name in OWN:
        found = PASSES[name]
        assert found.name == name
        assert found is getattr(passes, name)
        assert 10 < len(found.summary) < 100
        assert found.summary.endswith(".")
        assert found.preserves == (name not in changing)


def test_a_pipeline_from_text_and_from_lists() -> None:
    """Names may be given with commas, in a list, or as passes."""
    expected = ("simplify", "cse", "dce")
    assert Pipeline("simplify, cse,dce").names == expected
    assert Pipeline(["simplify", PASSES["cse"], "dce"]).names == expected
    assert str(Pipeline(expected)) == "simplify,cse,dce"
    assert Pipeline("").names == ()


def test_a_pipeline_runs_its_passes_in_order() -> None:
    """A pipeline gives what its passes give one after the other."""
    graph = sample()
    pipeline = Pipeline("simplify,cse")
    expected = PASSES["cse"](PASSES["simplify"](graph))
    assert pipeline(graph) == expected
    assert pipeline.run(graph).graph == expected
    assert Pipeline("")(graph) is graph


def test_a_report_counts_nodes_and_operations() -> None:
    """There is a row for the start and one for each pass."""
    graph = sample()
    report = Pipeline("simplify,cse").run(graph)
    assert [step.name for step in report.steps] == ["(start)", "simplify", "cse"]
    assert report.steps[0].nodes == len(graph)
    assert report.steps[-1].nodes == len(report.graph)
    assert [step.operations for step in report.steps] == [5, 4, 3]
    assert report.steps[-1].operations == cost(report.graph).total
    assert all(step.seconds >= 0 for step in report.steps)
    lines = str(report).splitlines()
    assert lines[0].split() == ["pass", "nodes", "operations", "ms"]
    assert [line.split()[0] for line in lines[1:]] == ["(start)", "simplify", "cse"]


def test_a_pass_of_ones_own() -> None:
    """A decorated function is a pass that pipelines know by name."""

    @graph_pass
    def swap_sines(graph: Graph) -> Graph:
        """Put cosines for sines.

        It is not meant to keep anything.
        """
        return rebuild(
            graph,
            lambda builder, node, operands: (
                builder.emit(OPS["cos"], operands) if node.op is OPS["sin"] else None
            ),
        )

    assert isinstance(swap_sines, Pass)
    assert swap_sines.summary == "Put cosines for sines."
    assert swap_sines.preserves
    made = Pipeline("swap_sines,dce").run(sample()).graph
    assert "cos" in [node.op.name for node in made.nodes]


def test_a_pass_under_another_name() -> None:
    """The name and whether values are kept can be said; options go to the function."""

    @graph_pass(name="limit", preserves=False)
    def limited(graph: Graph, most: int = 3) -> Graph:
        assert len(graph) <= most, "too many"
        return graph

    assert (limited.name, limited.summary, limited.preserves) == ("limit", "", False)
    assert limited(sample(), most=100) == sample()
    with pytest.raises(AssertionError, match="too many"):
        Pipeline("limit").run(sample())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("simplfy", "there is no pass 'simplfy'; did you mean 'simplify'"),
        ("zzz", r"there is no pass 'zzz'\. Passes: assemble, batch, collect"),
        ("CSE", "there is no pass 'CSE'"),
    ],
)
def test_unknown_passes(name: str, message: str) -> None:
    """The message suggests a name that is close, and lists all."""
    with pytest.raises(PassError, match=message):
        Pipeline(["dce", name])


def test_a_pass_that_gives_no_graph() -> None:
    """The message names the pass and what it gave."""
    graph_pass(name="forgetful")(lambda graph: None)
    with pytest.raises(PassError, match="the pass 'forgetful' gave None and not a graph"):
        Pipeline("cse,forgetful").run(sample())


def test_a_pass_that_breaks_the_graph() -> None:
    """What a pass breaks is found after it, and the message names the pass."""

    @graph_pass
    def tear(graph: Graph) -> Graph:
        return Graph("f", graph.nodes, graph.inputs[:1], graph.outputs, 0, ((),), graph.origins)

    with pytest.raises(PassError, match=r"the pass 'tear' broke the graph: inputs of .* are not"):
        Pipeline("cse,tear,dce").run(sample())


def test_a_broken_graph_is_found_before_the_first_pass() -> None:
    """A graph that is not well formed is refused as it is."""
    graph = sample()
    broken = Graph("f", graph.nodes, graph.inputs, graph.outputs, 0, (), graph.origins)
    with pytest.raises(ValueError, match="symmetries for 0 outputs"):
        Pipeline("dce").run(broken)
