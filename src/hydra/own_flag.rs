//! The flags of Hydra's own command line, which are passed on and never translated.

/// Whether one of Hydra's own flags takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnValue {
    /// A switch.
    None,
    /// The next argument.
    Required,
    /// The next argument, if it is one of these.
    Optional(&'static [&'static str]),
}

/// One of Hydra's own flags.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnFlag {
    /// With its two dashes.
    pub long: &'static str,
    /// With its dash.
    pub short: Option<&'static str>,
    /// What follows it.
    pub value: OwnValue,
}

/// The flags by which an application prints the config that it composes, and runs nothing.
pub const COMPOSE: [&str; 2] = ["--cfg", "job"];

/// With [`COMPOSE`]: interpolations are printed as what they resolve to.
pub const RESOLVE: &str = "--resolve";

impl OwnFlag {
    /// Whether it says where the config is.
    pub fn locates_config(&self) -> bool {
        matches!(self.long, "--config-path" | "--config-name" | "--config-dir")
    }

    /// Whether it asks for a sweep: several configs from one command line.
    pub fn sweeps(&self) -> bool {
        self.long == "--multirun"
    }
}

const fn flag(long: &'static str, short: Option<&'static str>, value: OwnValue) -> OwnFlag {
    OwnFlag { long, short, value }
}

/// `get_args_parser` in `hydra/_internal/utils.py`, hydra-core 1.3.8.
const OWN_FLAGS: [OwnFlag; 14] = [
    flag("--help", Some("-h"), OwnValue::None),
    flag("--hydra-help", None, OwnValue::None),
    flag("--version", None, OwnValue::None),
    flag("--cfg", Some("-c"), OwnValue::Required),
    flag("--resolve", None, OwnValue::None),
    flag("--package", Some("-p"), OwnValue::Required),
    flag("--run", Some("-r"), OwnValue::None),
    flag("--multirun", Some("-m"), OwnValue::None),
    flag("--shell-completion", Some("-sc"), OwnValue::None),
    flag("--config-path", Some("-cp"), OwnValue::Required),
    flag("--config-name", Some("-cn"), OwnValue::Required),
    flag("--config-dir", Some("-cd"), OwnValue::Required),
    flag("--experimental-rerun", None, OwnValue::Required),
    flag(
        "--info",
        Some("-i"),
        OwnValue::Optional(&[
            "all",
            "config",
            "defaults",
            "defaults-tree",
            "plugins",
            "searchpath",
        ]),
    ),
];

/// Hydra's flag of that name (with dashes, without a value), if it has one.
///
/// Only whole names count: argparse would take `--multi` for `--multirun`, but here it may as
/// well be the application's own.
pub fn own_flag(name: &str) -> Option<&'static OwnFlag> {
    OWN_FLAGS.iter().find(|flag| flag.long == name || flag.short == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = OWN_FLAGS
            .iter()
            .flat_map(|flag| std::iter::once(flag.long).chain(flag.short))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn found_by_either_name_and_by_nothing_shorter() {
        assert_eq!(own_flag("-cn").map(|f| f.long), Some("--config-name"));
        assert_eq!(own_flag("--info").map(|f| f.long), Some("--info"));
        assert_eq!(own_flag("--multi"), None);
        assert_eq!(own_flag("multirun"), None);
        assert_eq!(own_flag(""), None);
    }
}
