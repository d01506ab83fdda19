"""The text of a key: long and random, told from any other text, and from itself mistyped, without a look-up."""

import hashlib
import re
import string

import pytest

from api import keys
from api.keys import ALPHABET, new_key
from tests.partners import READER, SAMPLE


@pytest.mark.parametrize(("is_test", "prefix"), [(False, "scl_live_"), (True, "scl_test_")])
def test_a_key_has_a_prefix_an_id_a_secret_and_a_checksum(is_test: bool, prefix: str) -> None:
    text = new_key(is_test)
    assert re.fullmatch(f"{prefix}[0-9A-Za-z]{{48}}", text)
    assert keys.is_whole(text)
    assert text == prefix + keys.id_of(text) + text[19:51] + keys.checksum(text[:51])
    assert len(ALPHABET) ** keys.SECRET_LENGTH > 2**160
    assert sorted(ALPHABET) == sorted(string.digits + string.ascii_letters)


def test_no_two_keys_are_alike_and_every_letter_comes() -> None:
    drawn = [new_key(False) for _ in range(500)]
    assert len({keys.id_of(text) for text in drawn}) == len({keys.digest_of(text) for text in drawn}) == 500
    for place in range(9, 51):
        assert len({text[place] for text in drawn}) > 50


def test_the_checksum_is_crc_32_in_base62() -> None:
    digits = keys.checksum("123456789")
    assert sum(ALPHABET.index(digit) * 62**k for k, digit in enumerate(reversed(digits))) == 0xCBF43926
    assert keys.checksum("").startswith("000000")


def test_the_digest_is_of_the_whole_key() -> None:
    assert keys.digest_of(SAMPLE) == hashlib.sha256(SAMPLE.encode()).hexdigest()
    assert keys.digest_of(SAMPLE) != keys.digest_of(READER)


def test_what_is_mistyped_is_no_key() -> None:
    for place, letter in enumerate(SAMPLE):
        for other in ALPHABET + "_- é":
            assert keys.is_whole(SAMPLE[:place] + other + SAMPLE[place + 1 :]) is (other == letter)
        assert not keys.is_whole(SAMPLE[:place] + SAMPLE[place + 1 :])
        assert not keys.is_whole(SAMPLE[:place] + letter + SAMPLE[place:])
        swapped = SAMPLE[:place] + SAMPLE[place : place + 2][::-1] + SAMPLE[place + 2 :]
        assert keys.is_whole(swapped) is (swapped == SAMPLE)


@pytest.mark.parametrize("text", ["", "scl_live_", SAMPLE + "\n", f" {SAMPLE}", SAMPLE.upper(), SAMPLE * 2, "\ud800"])
def test_what_has_another_shape_is_no_key(text: str) -> None:
    assert not keys.is_whole(text)
