"""Parse Bicep with tree-sitter, and correct what its grammar binds in the wrong order."""

import functools
from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_bicep

LANGUAGE = tree_sitter.Language(tree_sitter_bicep.language())
COMMENTS = ("comment", "diagnostic_comment")
POSTFIX = ("member_expression", "subscript_expression")
LOOSER = ("lambda_expression", "ternary_expression", "binary_expression", "unary_expression")
"""Expressions that bind their last part less than a postfix does."""


class BicepError(Exception):
    """The file is not valid Bicep, or uses something that this reader does not know."""


@dataclass
class Node:
    """A node of the tree: named children without comments, and for operators the text between them."""

    type: str
    text: str
    children: list["Node"] = field(default_factory=list)
    words: tuple[str, ...] = ()
    """Keywords and operators among its own tokens."""

    def child(self, *types: str) -> "Node | None":
        """Return the first child of one of these types."""
        return next((child for child in self.children if child.type in types), None)


@functools.lru_cache(256)
def parse(text: str) -> Node:
    """Return the tree of a file. Raises BicepError with the first place that is not Bicep."""
    root = tree_sitter.Parser(LANGUAGE).parse(text.encode()).root_node
    if root.has_error:
        raise BicepError(f"syntax: {_first_error(root)}")
    return _corrected(root)


def _first_error(node: tree_sitter.Node) -> str:
    if node.type == "ERROR" or node.is_missing:
        return f"line {node.start_point[0] + 1}: {(node.text or b'')[:40]!r}"
    return next((found for child in node.children if child.has_error for found in [_first_error(child)]), "")


def _corrected(node: tree_sitter.Node) -> Node:
    children = [_corrected(child) for child in node.named_children if child.type not in COMMENTS]
    words = tuple((child.text or b"").decode() for child in node.children if not child.is_named)
    made = Node(node.type, (node.text or b"").decode(), children, words)
    return _rotated(made) if node.type in POSTFIX else made


def _rotated(postfix: Node) -> Node:
    """Return `a ? b : c.d` as a ternary with `c.d`, where the grammar has `(a ? b : c).d`."""
    inner = postfix.children[0]
    if inner.type not in LOOSER:
        return postfix
    postfix.children[0] = inner.children[-1]
    inner.children[-1] = _rotated(postfix)
    return inner
