"""What a rule says does not hang on how the program is written: formatting, names, helper functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.base import Example, Rule
from scram_analyzers.rules.registry import RuleSet, rule_classes


def bad_examples() -> Iterator[object]:
    for rule in rule_classes():
        for example in rule.bad:
            yield pytest.param(rule, example, id=f"{rule.name}: {example.title}")


def reformatted(tree: ast.Module) -> ast.Module:
    return tree


def renamed(tree: ast.Module) -> ast.Module:
    """Every name that the program itself binds gets another, but parameters whose name some call gives."""
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound -= parameters & {node.arg for node in nodes if isinstance(node, ast.keyword)}

    class Renamer(ast.NodeTransformer):
        def visit_arg(self, node: ast.arg) -> ast.arg:
            return ast.arg(f"{node.arg}_other" if node.arg in bound else node.arg, node.annotation)

        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(f"{node.id}_other" if node.id in bound else node.id, node.ctx)

    return ast.fix_missing_locations(Renamer().visit(tree))


def in_a_function(tree: ast.Module) -> ast.Module:
    """Everything but the imports and definitions goes into `main()`, called under the usual guard."""
    outside = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    top = [node for node in tree.body if isinstance(node, outside)]
    inside = [node for node in tree.body if not isinstance(node, outside)]
    tail = ast.parse("def main():\n    pass\nif __name__ == '__main__':\n    main()\n")
    assert isinstance(tail.body[0], ast.FunctionDef)
    tail.body[0].body = inside or tail.body[0].body
    return ast.Module([*top, *tail.body], [])


def codes(text: str, rule: type[Rule]) -> list[str]:
    return [each.code for each in analyze_source(text, "train.py", RuleSet({rule.code: rule()})).findings]


@pytest.mark.parametrize("rewrite", [reformatted, renamed, in_a_function])
@pytest.mark.parametrize(("rule", "example"), list(bad_examples()))
def test_the_same_program_written_otherwise_gets_the_same_findings(
    rule: type[Rule], example: Example, rewrite: Callable[[ast.Module], ast.Module]
) -> None:
    rewritten = ast.unparse(rewrite(ast.parse(example.source)))
    assert codes(rewritten, rule) == codes(example.source, rule)
