"""YAML with places, by the fast loader wherever it says the same as the slow one."""

import pytest
import yaml

from services.tabular.places import plain_node


def placed(node):
    """What a document says, and where."""
    at = (node.start_mark.line, node.start_mark.column, node.tag)
    if isinstance(node, yaml.ScalarNode):
        return at, node.value
    if isinstance(node, yaml.SequenceNode):
        return at, [placed(one) for one in node.value]
    return at, [(placed(key), placed(value)) for key, value in node.value]


ASKED = "# Is the student there?\na: 1\n  #\tIs the class?\nb: [x, y] # as the pack has it\n"


def test_comments_that_ask_something_are_read_fast_and_to_the_same():
    fast = plain_node(ASKED, yaml.CSafeLoader)
    assert placed(fast) == placed(plain_node(ASKED, yaml.SafeLoader))


@pytest.mark.parametrize("text", ["? a\n: b\n", "a: {? b: c}\n", "a:\t1\n", "a: 1 # why?\n", "a:\nb: 1\n"])
def test_what_the_fast_loader_may_read_otherwise_is_left_to_the_slow_one(text):
    with pytest.raises(yaml.YAMLError):
        plain_node(text, yaml.CSafeLoader)
