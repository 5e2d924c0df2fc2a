"""The statistics against figures worked out by hand or taken from the literature."""

from __future__ import annotations

import math

import pytest

from evals.stats import (
    balanced_accuracy,
    bootstrap_interval,
    interval,
    interval_method,
    paired_bootstrap,
    roc_auc,
    wilson_interval,
)


def test_the_bootstrap_is_near_the_normal_interval_of_many_values() -> None:
    values = [n / 199 for n in range(200)]  # uniform on 0 to 1: standard error sqrt(1/12/200) = 0.0205
    low, high = bootstrap_interval(values)
    assert low == pytest.approx(0.5 - 1.96 * 0.0205, abs=0.004)
    assert high == pytest.approx(0.5 + 1.96 * 0.0205, abs=0.004)


def test_the_bootstrap_of_two_values_spans_both() -> None:
    # the mean is one of them with probability 1/4 each, more than the 2.5 % cut off
    assert bootstrap_interval([0.2, 0.8]) == pytest.approx((0.2, 0.8))


def test_the_bootstrap_gives_the_same_interval_every_time() -> None:
    values = [0.1, 0.5, 0.5, 0.9, 0.3]
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_many_values_are_drawn_in_blocks_without_changing_the_count() -> None:
    values = [float(n % 2) / 2 for n in range(5000)]  # more than one block
    low, high = bootstrap_interval(values)
    assert low == pytest.approx(0.25 - 1.96 * 0.25 / math.sqrt(5000), abs=0.001)
    assert high == pytest.approx(0.25 + 1.96 * 0.25 / math.sqrt(5000), abs=0.001)


def test_values_that_are_all_the_same_have_no_width() -> None:
    assert bootstrap_interval([0.1]) == (0.1, 0.1)
    assert bootstrap_interval([0.1] * 7) == (0.1, 0.1)


def test_a_lower_level_is_narrower() -> None:
    values = [n / 50 for n in range(50)]
    wide, narrow = bootstrap_interval(values), bootstrap_interval(values, level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_wilson_gives_the_published_intervals() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)


def test_twenty_right_of_twenty_are_not_certain() -> None:
    low, high = interval([1.0] * 20)
    assert (low, high) == pytest.approx((1 - 0.1611, 1.0), abs=1e-4)
    assert high <= 1
    assert interval_method([1.0] * 20) == "Wilson's score interval"


def test_shares_are_resampled() -> None:
    values = [0.5, 1.0, 0.0, 0.25]
    assert interval(values) == bootstrap_interval(values)
    assert interval_method(values) == "percentile bootstrap"


@pytest.mark.parametrize("values", [[], [0.5, math.nan], [math.inf]])
def test_an_interval_of_nothing_is_an_error(values: list[float]) -> None:
    with pytest.raises(ValueError):
        interval(values)


def test_the_difference_is_a_minus_b() -> None:
    found = paired_bootstrap([1, 1, 1, 0], [0, 1, 0, 0])
    assert found.difference == 0.5
    assert found.low <= found.difference <= found.high


def test_five_wins_of_five_happen_twice_in_32_by_chance() -> None:
    assert paired_bootstrap([1] * 5, [0] * 5).p == 2 / 32
    assert paired_bootstrap([1], [0]).p == 1


def test_ties_do_not_make_a_difference_surer() -> None:
    assert paired_bootstrap([1] * 5 + [1] * 40, [0] * 5 + [1] * 40).p == 2 / 32


def test_three_wins_and_a_loss_by_hand() -> None:
    # of 16 ways the sum is at least 2 away from 0 in 2 * (1 + 4) = 10
    assert paired_bootstrap([1, 1, 1, 0], [0, 0, 0, 1]).p == 10 / 16


def test_equal_sums_count_as_equal_in_floating_point() -> None:
    # 0.1 + 0.2 - 0.3 + 0.4 and -0.1 - 0.2 + 0.3 + 0.4 differ in the last bit: 10 of 16 ways are at least 0.4 from 0
    assert paired_bootstrap([0.1, 0.2, 0.0, 0.4], [0.0, 0.0, 0.3, 0.0]).p == 10 / 16
    assert paired_bootstrap([0.1, 0.2, 0.0], [0.0, 0.0, 0.3]).p == 1


def test_systems_that_are_the_same_do_not_differ() -> None:
    found = paired_bootstrap([0, 1, 0.5], [0, 1, 0.5])
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_many_cases_agree_with_the_exact_sign_test() -> None:
    # 15 wins, 5 losses: the two-sided binomial probability is 0.0414
    found = paired_bootstrap([1] * 15 + [0] * 5, [0] * 15 + [1] * 5, draws=20_000)
    assert found.p == pytest.approx(0.0414, abs=0.005)


def test_swapping_the_systems_turns_the_difference_round() -> None:
    a, b = [0.9, 0.2, 0.7, 0.4, 0.6], [0.1, 0.3, 0.5, 0.4, 0.2]
    there, back = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert back.difference == pytest.approx(-there.difference)
    assert back.p == there.p


def test_p_is_never_zero() -> None:
    assert 0 < paired_bootstrap([1] * 200, [0] * 200).p < 0.001


def test_pairs_need_the_same_cases() -> None:
    with pytest.raises(ValueError, match="2 and 1"):
        paired_bootstrap([1, 0], [1])


def test_auc_is_the_share_of_pairs_in_order_with_ties_half() -> None:
    assert roc_auc([True, True, False, False], [0.9, 0.4, 0.6, 0.1]) == 0.75
    assert roc_auc([True, False], [0.5, 0.5]) == 0.5
    assert roc_auc([True, True, False], [0.8, 0.3, 0.3]) == 0.75
    assert roc_auc([False, False, True], [0.1, 0.2, 0.9]) == 1
    assert roc_auc([True, False, False], [-1.0, 0.2, 0.9]) == 0


def test_balanced_accuracy_weighs_the_classes_alike() -> None:
    labels = [True] * 8 + [False] * 2
    assert balanced_accuracy(labels, [True] * 10) == 0.5
    assert balanced_accuracy(labels, [True] * 6 + [False] * 2 + [False, True]) == (0.75 + 0.5) / 2


@pytest.mark.parametrize("labels", [[], [True, True], [False, False]])
def test_one_class_alone_can_not_be_told_apart(labels: list[bool]) -> None:
    with pytest.raises(ValueError, match="Both classes"):
        roc_auc(labels, [0.5] * len(labels))
    with pytest.raises(ValueError, match="Both classes"):
        balanced_accuracy(labels, [True] * len(labels))


def test_a_score_that_is_not_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a number"):
        roc_auc([True, False], [math.nan, 0.1])
