"""Wycheproof's vectors against the signatures that sign-in believes: ours and the staff provider's.

Each is taken by the algorithm that the token's library looks up by name, with a key read as it is
read there.
"""

import pytest
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from identity import access_token, dpop
from identity.staff_provider import ALGORITHMS
from tests.support.wycheproof import Vector, vectors

ES256 = "ecdsa_secp256r1_sha256_p1363_test"
RS256 = ("rsa_signature_2048_sha256_test", "rsa_signature_3072_sha256_test")
PS256 = ("rsa_pss_2048_sha256_mgf1_32_test", "rsa_pss_3072_sha256_mgf1_32_test")


def taken(algorithm: str, vector: Vector) -> bool:
    """Whether a signature is believed; an error while reading it is a refusal, too."""
    kind = ECKey if algorithm.startswith("ES") else RSAKey
    reader = JWSRegistry.algorithms[algorithm]
    try:
        key = kind.import_key(vector.public_pem)
        reader.check_key(key)
        return bool(reader.verify(vector.message, vector.signature, key))
    except (JoseError, ValueError):
        return False


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [("ES256", ES256), *(("RS256", name) for name in RS256), *(("PS256", name) for name in PS256)],
)
def test_signatures_are_believed_as_wycheproof_says(algorithm: str, name: str) -> None:
    every = vectors(name)
    wrong = [
        vector.name
        for vector in every
        if vector.result != "acceptable"
        if taken(algorithm, vector) is not (vector.result == "valid")
    ]
    assert wrong == []
    results = {vector.result for vector in every}
    assert results >= {"valid", "invalid"}, "both kinds were tried"


def test_every_algorithm_that_we_read_is_tried() -> None:
    read = {access_token.ALGORITHM, dpop.ALGORITHM, *ALGORITHMS}
    assert read == {"ES256", "RS256", "PS256"}
