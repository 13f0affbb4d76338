"""Sessions whose keys are signed: one that somebody made up is known for it without a query.

Only who signs in has a session. So whether a request is an editor's is told by its cookie alone,
and a made-up cookie buys nothing that no cookie would not.
"""

from django.conf import settings
from django.contrib.sessions.backends import db
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

RANDOM, MAC = 22, 18  # characters; the column takes 40
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def is_signed(key):
    """Whether this site made the session key."""
    random, mac = key[:RANDOM], key[RANDOM:]
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(mac, _mac(random, secret)) for secret in secrets)


def _mac(random, secret):
    signed = salted_hmac("portfolio.sessions", random, secret, algorithm="sha256")
    return signed.hexdigest()[:MAC]


class SessionStore(db.SessionStore):
    def _get_new_session_key(self):
        random = get_random_string(RANDOM, ALPHABET)
        return random + _mac(random, settings.SECRET_KEY)

    def _validate_session_key(self, key):
        return super()._validate_session_key(key) and is_signed(key)
