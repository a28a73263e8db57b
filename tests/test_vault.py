"""Secrets rest encrypted, links can't be forged, and the keyring can be rotated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbot.errors import BadLink, KeyringError
from salesbot.vault import Vault, new_key

OLD, NEW = new_key(), new_key()


@given(st.text())
def test_what_is_encrypted_is_read_back_and_cannot_be_read_meanwhile(secret):
    vault = Vault([OLD])
    stored = vault.encrypt(secret)
    assert vault.decrypt(stored) == secret
    assert len(secret) < 4 or secret not in stored


def test_what_an_older_key_wrote_is_still_read_after_a_rotation():
    before, after = Vault([OLD]), Vault([NEW, OLD])
    assert after.decrypt(before.encrypt("K-1")) == "K-1"
    assert after.unsign("pay", before.sign("pay", 7)) == 7
    assert before.digest("K-1") in after.digests("K-1")


def test_the_newest_key_writes():
    after = Vault([NEW, OLD])
    assert Vault([NEW]).decrypt(after.encrypt("K-1")) == "K-1"
    assert Vault([NEW]).unsign("pay", after.sign("pay", 7)) == 7
    assert after.digest("K-1") == Vault([NEW]).digest("K-1")


def test_without_its_key_a_secret_is_a_named_error_and_not_rubbish():
    with pytest.raises(KeyringError, match="SALESBOT_KEYRING lacks the key"):
        Vault([NEW]).decrypt(Vault([OLD]).encrypt("K-1"))


@pytest.mark.parametrize("changed", ["", "x", "NQ.short", "ü"])
def test_a_link_that_was_changed_or_cut_off_is_no_link(changed):
    with pytest.raises(BadLink):
        Vault([OLD]).unsign("pay", changed)


@given(st.data())
def test_every_changed_letter_of_a_link_is_noticed(data):
    vault = Vault([OLD])
    word = vault.sign("pay", 12345)
    place = data.draw(st.integers(0, len(word) - 2))
    other = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda letter: letter != word[place]))
    with pytest.raises(BadLink):
        vault.unsign("pay", word[:place] + other + word[place + 1 :])


def test_a_link_opens_only_what_it_was_made_for():
    vault = Vault([OLD])
    with pytest.raises(BadLink):
        vault.unsign("delivery", vault.sign("pay", 7))
    with pytest.raises(BadLink):
        vault.unsign("pay", Vault([NEW]).sign("pay", 7))


def test_the_three_uses_of_a_key_do_not_share_it():
    vault = Vault([OLD])
    assert vault.digest("K-1") != Vault([NEW]).digest("K-1")
    assert OLD not in vault.sign("pay", OLD[:4])


@pytest.mark.parametrize(
    ("keyring", "said"),
    [
        ([], "the keyring is empty"),
        (["short"], "SALESBOT_KEYRING holds a key"),
        (["!" * 44], "SALESBOT_KEYRING holds a key"),
        (["ключ" * 11], "SALESBOT_KEYRING holds a key"),
        ([OLD, "c2hvcnQ="], "shorter than 32 bytes"),
    ],
)
def test_a_keyring_that_cannot_be_used_is_said_without_showing_it(keyring, said):
    with pytest.raises(KeyringError, match=said) as caught:
        Vault(keyring)
    assert not any(key in str(caught.value) for key in keyring)
