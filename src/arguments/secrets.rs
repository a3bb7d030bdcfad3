//! The keys that flags declared secret set.

use std::collections::BTreeSet;

use crate::declarations::{Declarations, Flag};

/// Keys whose values are never shown, whoever sets them.
pub(super) struct SecretKeys<'a>(BTreeSet<&'a str>);

impl<'a> SecretKeys<'a> {
    /// Those of the declared flags.
    pub(super) fn of(declared: &'a Declarations) -> Self {
        let secret = declared.flags.iter().filter(|flag| Flag::is_secret(flag));
        Self(secret.map(|flag| flag.key.name.as_str()).collect())
    }

    /// Whether `key` is, holds or is in one of them.
    pub(super) fn hold(&self, key: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let outer = key.match_indices('.').filter_map(|(at, _)| key.get(..at));
        let inner = format!("{key}.");
        outer.chain([key]).any(|key| self.0.contains(key))
            || self.0.range(inner.as_str()..).next().is_some_and(|next| next.starts_with(&inner))
    }
}
