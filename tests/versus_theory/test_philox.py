"""The random number generator against its published vectors."""
import numba
import numpy as np
import pytest

from nestling.connect import draws

# kat_vectors of Random123 (Salmon et al. 2011), "philox4x32 10": counter, key, result
KNOWN = """
00000000 00000000 00000000 00000000  00000000 00000000  6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff  ffffffff ffffffff  408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344  a4093822 299f31d0  d16cfe09 94fdcceb 5001e420 24126ea1
"""
VECTORS = np.array([[int(word, 16) for word in line.split()] for line in KNOWN.strip().splitlines()], np.uint32)


def test_arrays_give_the_published_words():
    np.testing.assert_array_equal(np.stack(draws.philox(*VECTORS[:, :6].T), axis=1), VECTORS[:, 6:])


@pytest.mark.parametrize("vector", VECTORS, ids=["zeros", "ones", "pi"])
def test_single_numbers_give_the_published_words(vector):
    with np.errstate(over="ignore"):                # NumPy warns where a single number wraps around, as they must
        assert draws.philox(*vector[:6]) == tuple(vector[6:])


@pytest.mark.parametrize("vector", VECTORS, ids=["zeros", "ones", "pi"])
def test_compiled_code_gives_the_published_words(vector):
    assert numba.njit(draws.philox)(*vector[:6]) == tuple(vector[6:])


def test_the_key_holds_all_64_bits_of_the_seed():
    assert draws.key_of(0x123456789ABCDEF0) == (0x9ABCDEF0, 0x12345678)
    assert len({draws.key_of(1 << bit) for bit in range(64)}) == 64


def test_every_bit_of_the_address_changes_about_half_of_the_bits():
    counter = np.zeros((1, 6), np.uint32)
    flipped = np.array([[(1 << bit) * (word == i) for i in range(6)] for word in range(6) for bit in range(32)], np.uint32)
    words = np.stack(draws.philox(*np.concatenate([counter, flipped]).T), axis=1)
    changed = np.bitwise_count(words[1:] ^ words[0]).sum(axis=1)
    assert len(np.unique(words, axis=0)) == 193
    assert changed.min() > 40 and changed.max() < 88     # 64 expected of 128, standard deviation 5.7
