//! What the answer to one attempt means.

use ssh2::ErrorCode;
use std::io;

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused,
    /// The key never got as far as the server.
    Unusable,
}

impl Verdict {
    /// Tells a refusal, after which the next way may be tried, from a connection that has ended.
    pub fn of(answer: Result<(), ssh2::Error>) -> io::Result<Self> {
        use libssh2_sys::{
            LIBSSH2_ERROR_AGENT_PROTOCOL as AGENT_SAYS_NO, LIBSSH2_ERROR_ALGO_UNSUPPORTED as ALGORITHM,
            LIBSSH2_ERROR_AUTHENTICATION_FAILED as FAILED, LIBSSH2_ERROR_FILE as FILE,
            LIBSSH2_ERROR_KEYFILE_AUTH_FAILED as KEY, LIBSSH2_ERROR_METHOD_NOT_SUPPORTED as METHOD,
            LIBSSH2_ERROR_PASSWORD_EXPIRED as EXPIRED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED as UNVERIFIED,
        };
        match answer {
            Ok(()) => Ok(Self::Accepted),
            Err(error) => match error.code() {
                ErrorCode::Session(FAILED | UNVERIFIED | EXPIRED | AGENT_SAYS_NO) => Ok(Self::Refused),
                ErrorCode::Session(FILE | KEY | METHOD | ALGORITHM) => Ok(Self::Unusable),
                _ => Err(error.into()),
            },
        }
    }
}
