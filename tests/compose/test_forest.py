"""Trees asked all at once answer as trees asked one by one."""

from hypothesis import given
from hypothesis import strategies as st

from wagtail_syndicate.compose import forest


FEATURES = 3
NUMBERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0])
LEAF = st.floats(-1, 1, allow_nan=False)


def trees(depth):
    if not depth:
        return LEAF
    below = trees(depth - 1)
    return LEAF | st.tuples(st.integers(0, FEATURES - 1), NUMBERS, below, below).map(list)


def asked(tree, values):
    while isinstance(tree, list):
        feature, threshold, left, right = tree
        tree = left if values[feature] <= threshold else right
    return tree


@given(st.lists(trees(3), min_size=1, max_size=6), st.lists(NUMBERS, min_size=FEATURES, max_size=FEATURES))
def test_all_at_once(grown, values):
    assert abs(forest.Forest(grown)(values) - sum(asked(tree, values) for tree in grown)) < 1e-9


def test_the_trees_that_we_ship_are_whole():
    ours = forest.ranking()
    assert len(ours.rows) == 80
    assert {feature for feature, _thresholds, _masks in ours.features} <= set(range(13))
    assert ours([0.0] * 13) != ours([5.0] * 13)
