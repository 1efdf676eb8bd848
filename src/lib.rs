//! pairadm.
