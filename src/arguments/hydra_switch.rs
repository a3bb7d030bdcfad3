//! A switch of Hydra's own (`--run`, `--help`, `--info`) may be the application's flag of that name, which
//! Hydra would take for its own, and what follows it then its value.
//!
//! `--run '++model={_target_: …}'` would set `model` to what was sent as `run`, and `--version a=b` print
//! Hydra's version and end with 0 and nothing done. So where a line is an orchestrator's, as a flag that
//! is not Hydra's shows, only what cannot be the switch's value may follow it. A line of nothing but
//! Hydra's flags and overrides was typed by somebody who means them.

use super::declared::negated_switch;
use super::{ArgumentParser, is_flag_or_override, is_negative_number};
use crate::declarations::{Arity, Declarations};
use crate::error::{Error, Result};
use crate::hydra::{self, FlagValue, HydraFlag};
use crate::token::split_attached;

/// Whether `token` is a flag that is not one of Hydra's own, or one that is declared.
pub(super) fn is_official(token: &str, declared: &Declarations) -> bool {
    let (written, _) = split_attached(token);
    if !written.starts_with('-') || written == "--" {
        return false;
    }
    declared.flags.named(written).is_some()
        || written.strip_prefix("--").is_some_and(|name| !declared.drops(name))
            && hydra::hydra_flag(written).is_none()
}

/// The help for who meant a key with the name of Hydra's flag `written`.
pub(super) fn how_to_set_its_key(written: &str) -> String {
    let name = written.trim_start_matches('-');
    format!(
        "{written} is one of Hydra's own flags; to set the key `{name}`, write the override \
         {name}=VALUE or declare the flag"
    )
}

impl ArgumentParser<'_> {
    /// Admits the switch `token` of Hydra's, which nobody declared, with what follows it.
    pub(super) fn admit_switch(&self, flag: &HydraFlag, token: &str) -> Result<()> {
        let is_switch = flag.value != FlagValue::Required && !flag.sweeps() && !token.contains('=');
        let [next, after @ ..] = self.rest() else { return Ok(()) };
        // After a `--` nobody's flag is an official one.
        if !is_switch
            || self.as_it_is
            || !self.has_official_flag
            || self.is_literal(1)
            || self.takes_next_token(next, after.first().map(String::as_str))
        {
            return Ok(());
        }
        let choice =
            matches!(flag.value, FlagValue::Optional(choices) if choices.contains(&next.as_str()));
        let key = token.trim_start_matches('-');
        let what = if choice { format!("write {token}={next}; ") } else { String::new() };
        Err(Error::refused(format!(
            "{token} is one of Hydra's own flags, and {} after it may be the value of a flag of the \
             application's",
            self.quoted(next)
        ))
        .help(format!(
            "for Hydra's {token}, {what}write it at the end of the line; for the key `{key}`, write \
             the override {key}=VALUE or declare the flag"
        )))
    }

    /// Whether `token` is a flag whose value is the token `after` it.
    fn takes_next_token(&self, token: &str, after: Option<&str>) -> bool {
        let (written, attached) = split_attached(token);
        let Some(after) = after else { return false };
        if attached.is_some() || !written.starts_with('-') || written == "--" {
            return false;
        }
        if let Some(flag) = self.declared.flags.named(written) {
            return match flag.arity {
                Arity::Exactly(count) => count > 0,
                Arity::Switch => flag.is_switch_word(after),
                Arity::AtMost(_) | Arity::AtLeast(0) => !is_flag_or_override(after),
                Arity::AtLeast(_) => true,
            };
        }
        // `--no-cuda` takes none.
        let name = written.strip_prefix("--");
        if name.is_some_and(|name| negated_switch(self.declared, name, None).is_some()) {
            return false;
        }
        let is_value = !after.starts_with('-') || is_negative_number(after);
        match hydra::hydra_flag(written) {
            Some(flag) => flag.value == FlagValue::Required && !after.starts_with('-'),
            None => name.is_some() && is_value,
        }
    }
}
